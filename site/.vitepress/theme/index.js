import { h } from 'vue';
import DefaultTheme from 'vitepress/theme-without-fonts';
import Diagram from './Diagram.vue';
import StartPicture from './StartPicture.vue';
import './style.css';

export default {
  extends: DefaultTheme,
  Layout: () => h(DefaultTheme.Layout, null, { 'home-hero-after': () => h(StartPicture) }),
  enhanceApp({ app }) {
    app.component('Diagram', Diagram);
  },
};

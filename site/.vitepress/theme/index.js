import { useRoute } from 'vitepress';
import DefaultTheme from 'vitepress/theme-without-fonts';
import { h, nextTick, onMounted, watch } from 'vue';
import Diagram from './Diagram.vue';
import StartPicture from './StartPicture.vue';
import './style.css';

const Layout = {
  setup() {
    const route = useRoute();
    onMounted(showActive);
    watch(() => route.path, showActive);
    return () => h(DefaultTheme.Layout, null, { 'home-hero-after': () => h(StartPicture) });
  },
};

/** The sidebar is longer than a screen: brings the page's own place in it into view. */
async function showActive() {
  await nextTick();
  globalThis.document
    .querySelector('.VPSidebarItem.is-active.is-link')
    ?.scrollIntoView({ block: 'nearest' });
}

export default {
  extends: DefaultTheme,
  Layout,
  enhanceApp({ app }) {
    app.component('Diagram', Diagram);
  },
};

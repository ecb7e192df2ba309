const LIGHT = {
  ink: '#1f2937',
  paper: '#ffffff',
  fill: '#e6f3ef',
  line: '#1f6f5c',
  note: '#fff7df',
};
const DARK = {
  ink: '#e5e7eb',
  paper: '#1b1b1f',
  fill: '#173f37',
  line: '#6cc9b1',
  note: '#4a3d12',
};

/** How Mermaid draws: in the colours of the site. */
export function themeOf(isDark) {
  const { ink, paper, fill, line, note } = isDark ? DARK : LIGHT;
  return {
    startOnLoad: false,
    securityLevel: 'strict',
    theme: 'base',
    fontFamily: 'inherit',
    sequence: { useMaxWidth: true, mirrorActors: false, wrap: false, boxMargin: 8 },
    flowchart: { useMaxWidth: true, curve: 'basis', padding: 12 },
    themeVariables: {
      darkMode: isDark,
      fontSize: '15px',
      background: paper,
      primaryColor: fill,
      primaryTextColor: ink,
      primaryBorderColor: line,
      secondaryColor: note,
      tertiaryColor: paper,
      lineColor: line,
      textColor: ink,
      titleColor: ink,
      edgeLabelBackground: paper,
      clusterBkg: paper,
      clusterBorder: line,
      noteBkgColor: note,
      noteTextColor: ink,
      noteBorderColor: line,
      actorBkg: fill,
      actorBorder: line,
      actorTextColor: ink,
      actorLineColor: line,
      signalColor: ink,
      signalTextColor: ink,
      labelBoxBkgColor: fill,
      labelBoxBorderColor: line,
      labelTextColor: ink,
      loopTextColor: ink,
      activationBkgColor: fill,
      activationBorderColor: line,
    },
  };
}

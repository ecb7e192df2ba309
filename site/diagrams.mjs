// A block of Mermaid is a diagram, as on GitHub. Where no script runs, its text is shown.

/** @param md the renderer of Markdown, whose code blocks are already what VitePress makes of them */
export function diagrams(md) {
  const code = md.renderer.rules.fence;
  md.renderer.rules.fence = (tokens, index, ...rest) => {
    const { info, content } = tokens[index];
    if (info.trim() !== 'mermaid') return code(tokens, index, ...rest);
    return `<Diagram source="${md.utils.escapeHtml(encodeURIComponent(content))}" />`;
  };
}

// Shows a Mermaid block as a diagram, as GitHub does. Without scripts, its text is shown.

/**
 * Replaces Mermaid blocks by the component that draws them.
 *
 * @param md the Markdown renderer, with VitePress's rule for code blocks
 */
export function diagrams(md) {
  const code = md.renderer.rules.fence;
  md.renderer.rules.fence = (tokens, index, ...rest) => {
    const { info, content } = tokens[index];
    if (info.trim() !== 'mermaid') return code(tokens, index, ...rest);
    return `<Diagram source="${md.utils.escapeHtml(encodeURIComponent(content))}" />`;
  };
}

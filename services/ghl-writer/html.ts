/** GHL renders notes as simple HTML (facts/ghl.md §0 item 15): what people and models said must not become markup. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>]/g, (character) => entities[character] ?? character);
}

/** The text that `escapeHtml` was given; also `&nbsp;`, which editors make of spaces. */
export function unescapeHtml(text: string): string {
  return text.replace(/&(?:amp|lt|gt|nbsp);/g, (entity) => characters[entity] ?? entity);
}

const entities: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;" };
const characters: Record<string, string> = { "&amp;": "&", "&lt;": "<", "&gt;": ">", "&nbsp;": " " };

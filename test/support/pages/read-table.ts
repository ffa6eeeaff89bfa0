/** Reads headings and tables of documentation pages. */

/** Returns the anchor that GitHub gives to a heading. */
export function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
    .replaceAll(' ', '-')
}

/**
 * Returns the rows of the first table below a heading of any level, the header row first.
 *
 * @throws Error if there is no such heading, or no table below it
 */
export function tableUnder(text: string, heading: string): string[][] {
  const lines = text.split('\n')
  const at = lines.findIndex((line) => line.startsWith('#') && line.replace(/^#+ /, '') === heading)
  const start = lines.findIndex((line, index) => index > at && line.startsWith('|'))
  if (at < 0 || start < 0) throw new Error(`there is no table under "${heading}"`)
  const [head, , ...rows] = lines.slice(start, lines.indexOf('', start)).map(cellsOf)
  return [head ?? [], ...rows]
}

function cellsOf(row: string): string[] {
  return row
    .split('|')
    .slice(1, -1)
    .map((cell) => cell.trim())
}

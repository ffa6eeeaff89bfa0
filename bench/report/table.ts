/** A Markdown table that is readable as text: the first column is left-aligned, the others right-aligned. */

/** The minimum width of a Markdown rule. */
const MIN_WIDTH = 3

/** Lays out a table. Every row has as many cells as the header. */
export function table(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = heads.map((_, column) => Math.max(MIN_WIDTH, ...[heads, ...rows].map((row) => lengthOf(row, column))))
  const rule = widths.map((width, column) => (column === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`))
  return [heads, rule, ...rows].map((row) => `| ${row.map(padded(widths)).join(' | ')} |`).join('\n')
}

function lengthOf(row: readonly string[], column: number): number {
  return row[column]?.length ?? 0
}

function padded(widths: readonly number[]): (text: string, column: number) => string {
  return (text, column) => (column === 0 ? text.padEnd(widths[0] ?? 0) : text.padStart(widths[column] ?? 0))
}

/** The structure of comments: paragraphs, lists, indented code, and code in backquotes. */

/** A part of a comment. */
export type ProseBlock =
  | { readonly kind: 'paragraph'; readonly text: string }
  | { readonly kind: 'list'; readonly items: readonly string[] }
  | { readonly kind: 'code'; readonly text: string }

/** A run of text of one kind. */
export interface ProseSpan {
  readonly isCode: boolean
  readonly text: string
}

const ITEM = /^ {0,3}(?:[-*+•]|\d{1,3}[.)])\s+(\S.*)$/
const INDENTED = /^(?: {4}|\t)/
const CODE = /`([^`]+)`/g

/** Splits a comment, as `protoc` keeps it, into blocks. */
export function proseBlocks(comment: string): ProseBlock[] {
  const blocks: ProseBlock[] = []
  for (const lines of chunksOf(comment)) {
    if (lines.every((line) => INDENTED.test(line))) {
      blocks.push({ kind: 'code', text: lines.map((line) => line.replace(INDENTED, '')).join('\n') })
    } else {
      blocks.push(...paragraphsAndLists(lines))
    }
  }
  return blocks
}

/** The groups of lines between empty lines. The one space that follows `//` is dropped, not the indentation of code. */
function chunksOf(comment: string): string[][] {
  const lines = comment.split(/\r?\n/).map((line) => line.trimEnd())
  const isPadded = lines.every((line) => line === '' || line.startsWith(' '))
  const chunks: string[][] = [[]]
  for (const line of lines) {
    if (line.trim() === '') chunks.push([])
    else chunks.at(-1)?.push(isPadded ? line.slice(1) : line)
  }
  return chunks.filter((chunk) => chunk.length > 0)
}

function paragraphsAndLists(lines: readonly string[]): ProseBlock[] {
  const blocks: ({ kind: 'paragraph'; lines: string[] } | { kind: 'list'; items: string[][] })[] = []
  for (const line of lines) {
    const item = ITEM.exec(line)?.[1]
    const last = blocks.at(-1)
    if (item !== undefined) {
      if (last?.kind === 'list') last.items.push([item])
      else blocks.push({ kind: 'list', items: [[item]] })
    } else if (last?.kind === 'list') last.items.at(-1)?.push(line.trim())
    else if (last !== undefined) last.lines.push(line.trim())
    else blocks.push({ kind: 'paragraph', lines: [line.trim()] })
  }
  return blocks.map((block) =>
    block.kind === 'list'
      ? { kind: 'list', items: block.items.map((each) => each.join(' ')) }
      : { kind: 'paragraph', text: block.lines.join(' ') },
  )
}

/** Splits a text at its backquotes. */
export function proseSpans(text: string): ProseSpan[] {
  const spans: ProseSpan[] = []
  let from = 0
  for (const match of text.matchAll(CODE)) {
    if (match.index > from) spans.push({ isCode: false, text: text.slice(from, match.index) })
    spans.push({ isCode: true, text: match[1] ?? '' })
    from = match.index + match[0].length
  }
  if (from < text.length) spans.push({ isCode: false, text: text.slice(from) })
  return spans
}

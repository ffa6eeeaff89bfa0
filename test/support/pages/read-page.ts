/** Reads the fenced blocks of a documentation page, and determines how a test runs each. */
import { globSync, readFileSync } from 'node:fs'
import path from 'node:path'

/** The root directory of page paths. */
export const ROOT = path.resolve(import.meta.dirname, '../../..')

/**
 * A fenced block of a page.
 *
 * - `program`: TypeScript, followed by a block of text with what it prints.
 * - `file`: a block whose info string names a file (```` ```ts shop.ts ````), which later blocks of the page find in their folder.
 *   One in TypeScript that is followed by a block of text is a program as well.
 * - `commands`: lines that start with `$ `, each followed by what it prints (`console`), or commands alone (`sh`).
 *   ```` ```console background ```` starts a server on port 8080, or the port behind that word, which runs until the end of the page or
 *   until the next one on its port.
 * - `left`: not run, for the reason in the comment above it: `<!-- not run: REASON -->`.
 */
export type Block = { readonly title: string; readonly language: string; readonly body: string } & (
  | { readonly kind: 'program'; readonly name: string; readonly printed: string }
  | { readonly kind: 'file'; readonly name: string }
  | { readonly kind: 'commands'; readonly serverPort: string | undefined }
  | { readonly kind: 'left'; readonly reason: string }
)

/** A command, and its output according to the page; empty if the page shows none. */
export interface PageCommand {
  readonly line: string
  readonly shown: string
}

/** The default port of servers on a page. */
const DEFAULT_PORT = '8080'

/** A block as written on the page. */
interface Fence {
  readonly title: string
  readonly language: string
  /** The words of the info string after the language. */
  readonly details: readonly string[]
  readonly body: string
  readonly reason: string | undefined
}

const PARTS =
  /^(?:#+ (?<heading>[^\n]*)|(?:<!-- not run: (?<reason>[^\n]+) -->\n\n?)?```(?<info>[^\n`]*)\n(?<body>.*?)^```)$/gms

/** Every page: the first one of the repository, and all in `docs`. */
export function allPages(): string[] {
  return ['README.md', ...globSync('docs/**/*.md', { cwd: ROOT }).sort()]
}

/** Returns the text of a page. */
export function readText(page: string): string {
  return readFileSync(path.join(ROOT, page), 'utf8')
}

/**
 * Reads the blocks of a page, in order.
 *
 * @throws Error for a block that would not be checked, and gives no reason
 */
export function readPage(page: string, text: string = readText(page)): Block[] {
  const fences = readFences(text)
  const blocks: Block[] = []
  for (let index = 0; index < fences.length; index++) {
    const fence = fences[index] as Fence
    const next = fences[index + 1]
    const output = next?.language === 'text' && next.reason === undefined ? next : undefined
    const block = toBlock(fence, output)
    if (block === undefined) throw new Error(`${page}, ${fence.title}: ${advice(fence)}`)
    blocks.push(block)
    if (block.kind === 'program') index++
  }
  return blocks
}

/**
 * Returns the content of a file that a page shows.
 *
 * @throws Error if the page shows no such file
 */
export function fileOnPage(page: string, name: string): string {
  const block = readPage(page).find((block) => block.kind === 'file' && block.name === name)
  if (block === undefined) throw new Error(`${page} shows no ${name}`)
  return block.body
}

/** Reads the commands of a `console` block, whose lines start with `$ `, or of an `sh` block, in which every line is one. */
export function readCommands(language: string, body: string): PageCommand[] {
  const joined = body.replaceAll('\\\n', '')
  if (language === 'sh') {
    return joined.split('\n').flatMap((line) => (/^\s*(#|$)/.test(line) ? [] : [{ line, shown: '' }]))
  }
  const commands: PageCommand[] = []
  for (const part of joined.split(/^\$ /m).slice(1)) {
    const end = part.indexOf('\n')
    commands.push({ line: part.slice(0, end), shown: part.slice(end + 1).trim() })
  }
  return commands
}

function readFences(text: string): Fence[] {
  const fences: Fence[] = []
  let title = ''
  for (const { groups = {} } of text.matchAll(PARTS)) {
    if (groups.heading !== undefined) title = groups.heading
    if (groups.body === undefined) continue
    const [language = '', ...details] = (groups.info ?? '').trim().split(/\s+/)
    fences.push({ title, language, details, body: groups.body, reason: groups.reason })
  }
  return fences
}

function toBlock({ title, language, details, body, reason }: Fence, output: Fence | undefined): Block | undefined {
  const common = { title, language, body }
  const [name = '', port = DEFAULT_PORT] = details
  if (reason !== undefined) return { ...common, kind: 'left', reason }
  if (language === 'ts' && output !== undefined) return { ...common, kind: 'program', name, printed: output.body }
  if (language === 'console' || language === 'sh') {
    return { ...common, kind: 'commands', serverPort: name === 'background' ? port : undefined }
  }
  return name === '' ? undefined : { ...common, kind: 'file', name }
}

function advice({ language }: Fence): string {
  return language === 'ts'
    ? 'a program needs a block of text behind it with what it prints, or the name of a file behind "ts"'
    : `nothing checks this block (${language || 'no language'}): name its file, or write <!-- not run: REASON --> above it`
}

/** The parts that the commands of all tools share. */
import { joinParts, quote } from './shell-words.ts'
import type { Snippet, SnippetId } from './snippet.ts'
import type { SnippetCall, SnippetHeader } from './snippet-call.ts'

/** The file with the descriptors, for tools that cannot ask the server. */
export const DESCRIPTORS_FILE = 'api.binpb'

const SIMPLE_NAME = /^[\w-]+$/

/** Makes a snippet of a command. */
export function commandSnippet(
  id: SnippetId,
  title: string,
  text: string,
  { notes }: Pick<SnippetCall, 'notes'>,
  ...others: readonly string[]
): Snippet {
  const note = [...others, ...notes].join(' ')
  const refused: Snippet = { id, title, language: 'sh', text: '', note: 'No shell can pass on a NUL character.' }
  if (text.includes('\0')) return refused
  return { id, title, language: 'sh', text, ...(note !== '' && { note }) }
}

/** The options of the request headers. */
export function headerParts(headers: readonly SnippetHeader[]): string[] {
  return headers.map((header) => {
    if ('value' in header) return `-H ${quote(`${header.name}: ${header.value}`)}`
    const { name, variable } = header
    return SIMPLE_NAME.test(name) ? `-H "${name}: $${variable}"` : `-H ${quote(`${name}: `)}"$${variable}"`
  })
}

/** A command that loads the descriptors, unless the server answers reflection. */
export function descriptorsStep({ place, headers }: SnippetCall): string {
  if (place.hasReflection) return ''
  const secrets = headers.filter((header) => 'variable' in header)
  const parts = [`curl -sS -o ${DESCRIPTORS_FILE}`, ...headerParts(secrets), quote(place.descriptorsUrl)]
  return `${joinParts(parts)}\n`
}

/** A number of seconds, as in `1.5`. */
export function secondsOf(timeoutMs: number): string {
  return String(timeoutMs / 1000)
}

/** The parts that the commands of all tools share. */
import { isTooLong, joinParts, quote } from './shell-words.ts'
import type { Snippet, SnippetId } from './snippet.ts'
import type { SnippetCall, SnippetHeader } from './snippet-call.ts'

/** The file with the descriptors, for tools that cannot ask the server. */
export const DESCRIPTORS_FILE = 'api.binpb'

/** A terminal acts on these when they are pasted, whatever quotes they are in. A shell has no NUL at all. */
const CONTROLS = /[^\P{Cc}\t\n]/u

const SIMPLE_NAME = /^[\w-]+$/

const UNPRINTABLE =
  'There is no command for this request, as it has a NUL or another control character outside of a string.'

/** Makes a snippet of a command. */
export function commandSnippet(
  id: SnippetId,
  title: string,
  text: string,
  { notes }: Pick<SnippetCall, 'notes'>,
  ...others: readonly string[]
): Snippet {
  const note = [...others, ...notes].join(' ')
  if (CONTROLS.test(text)) return { id, title, language: 'sh', text: '', note: UNPRINTABLE }
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

/** Whether messages have to come by standard input: tools take an argument that starts with `@` for the name of a file. */
export function needsInput(data: string): boolean {
  return data.startsWith('@') || isTooLong(data)
}

/** A number of seconds, as in `1.5`. */
export function secondsOf(timeoutMs: number): string {
  return String(timeoutMs / 1000)
}

/** Reads the variables of a template from a path that matches it. */
import { Code, ConnectError } from '@connectrpc/connect'
import type { PathDecoding } from '../rest-options.ts'
import type { PathTemplate, TemplateVariable } from './path-template.ts'

/** The characters whose escapes are kept: the slash, or the reserved ones of RFC 6570 section 1.5. */
const KEPT: Readonly<Record<PathDecoding, string>> = Object.freeze({
  allExceptSlash: '/',
  allExceptReserved: "!#$&'()*+,/:;=?@[]",
  all: '',
})

/**
 * Returns the decoded values of the variables of a template, in their order. A variable of one segment is decoded completely, one of
 * several as the mode says.
 *
 * @param path begins with the raw path, which matches the template
 * @param end where the path ends
 * @throws ConnectError with the code InvalidArgument for a malformed escape or invalid UTF-8
 */
export function captureVariables(
  template: PathTemplate,
  path: string,
  { end, decoding }: { end: number; decoding: PathDecoding },
): string[] {
  const walk = new PathWalk(template, path, end)
  const values: string[] = []
  for (const variable of template.variables) {
    const start = walk.startOf(variable.start)
    // The slash between two segments belongs to none.
    const stop = walk.startOf(variable.end) - 1
    values.push(decodeValue(variable, path.slice(start, stop), decoding))
  }
  return values
}

/** Tells where the segments of a template start in a path. Goes forward only. */
class PathWalk {
  readonly #segments: PathTemplate['segments']
  readonly #path: string
  /** Where the segments end: before the verb. */
  readonly #end: number
  #index = 0
  #start = 1

  constructor({ segments, verb }: PathTemplate, path: string, end: number) {
    this.#segments = segments
    this.#path = path
    this.#end = verb === null ? end : path.lastIndexOf(':', end - 1)
  }

  startOf(index: number): number {
    for (; this.#index < index; this.#index += 1) {
      if (this.#segments[this.#index]?.kind === 'many') this.#start = this.#startAfterMany()
      else this.#start = this.#startAfter(this.#path.indexOf('/', this.#start))
    }
    return this.#start
  }

  #startAfter(slash: number): number {
    return slash < 0 || slash > this.#end ? this.#end + 1 : slash + 1
  }

  /** Counts the segments after `**` from the end of the path. */
  #startAfterMany(): number {
    let start = this.#end + 1
    for (let count = this.#segments.length - 1 - this.#index; count > 0; count -= 1) {
      start = this.#path.lastIndexOf('/', start - 2) + 1
    }
    return start
  }
}

function decodeValue({ fieldPath, isMulti }: TemplateVariable, raw: string, decoding: PathDecoding): string {
  if (!raw.includes('%')) return raw
  try {
    return isMulti ? decodeExcept(raw, KEPT[decoding]) : decodeURIComponent(raw)
  } catch {
    const name = fieldPath.join('.')
    throw new ConnectError(`path parameter ${name}: not valid percent-encoded UTF-8`, Code.InvalidArgument)
  }
}

/** Decodes a text, and leaves the escapes of some characters as they are. Throws a URIError for malformed escapes. */
function decodeExcept(raw: string, kept: string): string {
  let decoded = ''
  let from = 0
  for (let at = raw.indexOf('%'); at >= 0; at = raw.indexOf('%', at + 3)) {
    const character = String.fromCharCode(Number.parseInt(raw.slice(at + 1, at + 3), 16))
    if (!kept.includes(character)) continue
    decoded += decodeURIComponent(raw.slice(from, at)) + raw.slice(at, at + 3)
    from = at + 3
  }
  return decoded + decodeURIComponent(raw.slice(from))
}

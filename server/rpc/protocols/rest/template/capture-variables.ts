/** Reads the variables of a template from a path that matches it. */
import { Code, ConnectError } from '@connectrpc/connect'
import type { PathTemplate, TemplateVariable } from './path-template.ts'

/**
 * Which percent-encoded characters of a variable with several segments are decoded: all but the slash, as
 * google/api/http.proto says; all but the reserved ones of RFC 6570 section 1.5; or all. In a variable with one segment
 * all are.
 */
export type PathDecoding = 'allExceptSlash' | 'allExceptReserved' | 'all'

const KEPT: Readonly<Record<PathDecoding, string>> = Object.freeze({
  allExceptSlash: '/',
  allExceptReserved: "!#$&'()*+,/:;=?@[]",
  all: '',
})

/**
 * Returns the decoded values of the variables of a template, in their order.
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
  const span = { path, stop: template.verb === null ? end : path.lastIndexOf(':', end - 1) }
  const values: string[] = []
  for (const variable of template.variables) {
    const start = segmentStart(template, variable.start, span)
    // The slash between two segments belongs to none.
    const stop = segmentStart(template, variable.end, span) - 1
    values.push(decodeValue(variable, path.slice(start, stop), decoding))
  }
  return values
}

/** The segments of a path. */
interface PathSpan {
  readonly path: string
  /** Where they end: before the verb. */
  readonly stop: number
}

/** Returns where a segment of the template starts in the path. The segments after `**` are counted from the end. */
function segmentStart({ segments }: PathTemplate, index: number, { path, stop }: PathSpan): number {
  let start = 1
  for (let passed = 0; passed < index; passed += 1) {
    if (segments[passed]?.kind === 'many') return startFromEnd(segments.length - index, { path, stop })
    const slash = path.indexOf('/', start)
    start = slash < 0 || slash > stop ? stop + 1 : slash + 1
  }
  return start
}

function startFromEnd(count: number, { path, stop }: PathSpan): number {
  let start = stop + 1
  for (let passed = 0; passed < count; passed += 1) start = path.lastIndexOf('/', start - 2) + 1
  return start
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

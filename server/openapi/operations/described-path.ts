/** The path of an HTTP binding as OpenAPI has it: a variable is one segment, and has a name. */
import type { DescField } from '@bufbuild/protobuf'
import type { HttpBinding } from '../../rpc/protocols/rest/binding/http-binding.ts'
import type { TemplateSegment } from '../../rpc/protocols/rest/template/path-template.ts'

/** A segment that requests fill in. */
export interface PathVariable {
  /** The name by which the path has it. */
  readonly name: string
  /** The field that it sets, or a part of it; null for a wildcard that sets nothing. */
  readonly field: DescField | null
  /** The segments that are the value of the field, such as `shelves/{shelf}`; null if this one is the whole value. */
  readonly span: Span | null
  /** Whether it can span several segments. */
  readonly isMulti: boolean
}

/** Segments from the one at `start` to that before `end`. */
interface Span {
  readonly start: number
  readonly end: number
}

/** A path. */
export interface DescribedPath {
  /** The segments: texts that are escaped, and variables. */
  readonly parts: readonly (string | PathVariable)[]
  /** `:verb`, or nothing. */
  readonly suffix: string
}

/** Describes the path of a binding. A wildcard inside a longer variable has the name of the collection before it: `/shelves/{shelf}`. */
export function describePath({ template, variables }: HttpBinding): DescribedPath {
  const used = new Set<string>()
  const parts = template.segments.map((segment, index): string | PathVariable => {
    if (segment.kind === 'literal') return escaped(segment.text)
    const owner = template.variables.findIndex(({ start, end }) => start <= index && index < end)
    const variable = template.variables[owner]
    const field = variables.find((bound) => bound.index === owner)?.fields.at(-1) ?? null
    const isWhole = variable !== undefined && variable.end - variable.start === 1
    const fallback = variable?.fieldPath.join('_') ?? 'segment'
    const name = unused(isWhole ? fallback : (collectionBefore(template.segments, index) ?? fallback), used)
    return { name, field, span: isWhole || variable === undefined ? null : variable, isMulti: segment.kind === 'many' }
  })
  return { parts, suffix: template.verb === null ? '' : `:${escaped(template.verb)}` }
}

/** Returns the text of a path, with other names for its variables if they are given. */
export function pathText({ parts, suffix }: DescribedPath, names?: readonly string[]): string {
  return `/${segmentTexts(parts, names).join('/')}${suffix}`
}

/** Returns the part of a path that is the value of a field, such as `shelves/{shelf}`. */
export function spanText({ parts }: DescribedPath, { start, end }: Span, names: readonly string[]): string {
  return segmentTexts(parts, names).slice(start, end).join('/')
}

/** Returns the text without names: paths that differ in names only are one path of OpenAPI. */
export function pathShape(path: DescribedPath): string {
  return pathText(
    path,
    variablesOf(path).map(() => ''),
  )
}

/** Returns the variables in their order. */
export function variablesOf({ parts }: DescribedPath): PathVariable[] {
  return parts.filter((part) => typeof part !== 'string')
}

function segmentTexts(parts: DescribedPath['parts'], names: readonly string[] = []): string[] {
  let at = 0
  return parts.map((part) => (typeof part === 'string' ? part : `{${names[at++] ?? part.name}}`))
}

function collectionBefore(segments: readonly TemplateSegment[], index: number): string | undefined {
  const before = segments[index - 1]
  return before?.kind === 'literal' && /^[A-Za-z][\w.-]*$/.test(before.text) ? singularOf(before.text) : undefined
}

function unused(name: string, used: Set<string>): string {
  let free = name
  for (let count = 1; used.has(free); count += 1) free = `${name}_${count}`
  used.add(free)
  return free
}

const SINGULARS: readonly (readonly [plural: RegExp, ending: string])[] = [
  [/(?<=\b(?:mov|cook|calor|zomb)ie)s$/, ''],
  [/(?<=[^aeiou])ies$/, 'y'],
  [/(?<=shel|lea|hal|wol|thie|loa|cal)ves$/, 'f'],
  [/(?<=\b(?:li|kni|wi))ves$/, 'fe'],
  [/(?<=ss|x|z|ch|sh|status|virus|bus)es$/, ''],
  [/(?<![su])s$/, ''],
]

/** Returns `shelf` for `shelves`: English as far as the names of collections need it. */
export function singularOf(plural: string): string {
  if (/(?:us|ss|is)$/.test(plural)) return plural
  const found = SINGULARS.find(([pattern]) => pattern.test(plural))
  return found === undefined ? plural : plural.replace(...found)
}

/** RFC 3986, section 3.3: what may stand in a segment stays as it is. */
function escaped(text: string): string {
  return encodeURIComponent(text).replace(/%(?:3A|40|24|26|2B|2C|3B|3D)/g, (triplet) => decodeURIComponent(triplet))
}

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
  /** The value of the field in the path, such as `shelves/{shelf}`; null if the segment is the whole value. */
  readonly whole: string | null
  /** Whether it can span several segments. */
  readonly isMulti: boolean
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
    return { name, field, whole: isWhole || variable === undefined ? null : '', isMulti: segment.kind === 'many' }
  })
  const suffix = template.verb === null ? '' : `:${escaped(template.verb)}`
  return { parts: parts.map((part, index) => withWhole(part, { parts, index, template })), suffix }
}

/** Returns the text of a path, with other names for its variables if they are given. */
export function pathText({ parts, suffix }: DescribedPath, names?: readonly string[]): string {
  let at = 0
  const texts = parts.map((part) => (typeof part === 'string' ? part : `{${names?.[at++] ?? part.name}}`))
  return `/${texts.join('/')}${suffix}`
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

function withWhole(
  part: string | PathVariable,
  { parts, index, template }: Pick<DescribedPath, 'parts'> & { index: number; template: HttpBinding['template'] },
): string | PathVariable {
  if (typeof part === 'string' || part.whole === null) return part
  const owner = template.variables.find(({ start, end }) => start <= index && index < end)
  const whole = pathText({ parts: parts.slice(owner?.start, owner?.end), suffix: '' }).slice(1)
  return { ...part, whole }
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

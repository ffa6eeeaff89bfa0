/** The URLs under which Fastify mounts a template, so that its hooks run for the calls of a binding. */
import type { PathTemplate, TemplateSegment } from '../template/path-template.ts'

/** Text that is the same in Fastify's syntax, and that clients need not escape. */
const SIMPLE = /^[\w.~-]+$/

/**
 * Returns the URLs in Fastify's syntax, the most general first: the template itself if it is literal, else its literal beginning and a
 * wildcard. Fastify's router knows wildcards at the end only, and decodes what they match, so that it cannot match templates itself. All
 * paths that match the template match one of the URLs.
 *
 * @param ignoresTrailingSlash whether the path may have slashes at its end
 */
export function mountPaths({ segments, verb }: PathTemplate, ignoresTrailingSlash: boolean): readonly string[] {
  const isSimpleVerb = verb === null || SIMPLE.test(verb)
  const other = segments.findIndex((segment) => !isSimple(segment))
  const isLiteral = other < 0 && isSimpleVerb && segments.length > 0
  const cut = other >= 0 ? other : isSimpleVerb ? segments.length : segments.length - 1
  const start = segments.slice(0, cut).map((segment) => `/${segment.kind === 'literal' ? segment.text : ''}`)
  const literal = start.join('') + (isLiteral && verb !== null ? `::${verb}` : '')
  const wildcard = `${literal}/*`
  if (isLiteral) return ignoresTrailingSlash ? [wildcard, literal] : [literal]
  // `**` matches no segment, too, with which the path ends before the slash.
  return segments[cut]?.kind === 'many' ? [wildcard, ...withoutSegments(start, verb)] : [wildcard]
}

function withoutSegments(start: readonly string[], verb: string | null): string[] {
  if (start.length === 0) return []
  return [start.join('') + (verb === null ? '' : `::${verb}`)]
}

function isSimple(segment: TemplateSegment): boolean {
  return segment.kind === 'literal' && SIMPLE.test(segment.text)
}

/** The search tree of path templates, and the search for the route of a path. */
import type { PathTemplate, TemplateSegment } from './path-template.ts'

/** The routes whose templates end at the same node, by HTTP method. `*` stands for any other. */
export type MethodRoutes<R> = Map<string, R>

/** The routes whose templates end at the same node, by their custom verb; empty for none. */
export type VerbRoutes<R> = Map<string, MethodRoutes<R>>

/** What follows `**` in a template. */
interface Tail<R> {
  readonly literals: readonly string[]
  readonly routes: VerbRoutes<R>
}

/** A search for the route of a request. */
export interface RouteQuery {
  /** The HTTP method. */
  readonly method: string
  /** Begins with the raw path. */
  readonly path: string
  /** Where the segments end: before the verb, if that is split off. */
  readonly end: number
  /** The custom verb; empty for none. */
  readonly verb: string
  /** The most characters that a literal can have in a path. Longer segments are not compared with literals. */
  readonly maxLiteralChars: number
  /** The HTTP methods of routes that match the path only; null until there is one. */
  otherMethods: Set<string> | null
  /** Counts visited nodes and compared tails. */
  steps: number
}

/** A UTF-16 code unit takes up to nine characters when it is percent-encoded. */
const ENCODED_CHARS = 9

/**
 * A node of the tree: what can follow the segments that led to it. A search visits a node at most once, as only one
 * sequence of segments leads to it, and `**` ends the descent: the literals after it are compared from the end of the
 * path. So the steps of a search are bounded by the size of the tree, however much it backtracks.
 */
export class RouteNode<R> {
  readonly #literals = new Map<string, RouteNode<R>>()
  #one: RouteNode<R> | undefined
  /** Ordered by the number of literals, the largest first. */
  readonly #tails: Tail<R>[] = []
  readonly #routes: VerbRoutes<R> = new Map()

  /** Returns the routes of a template, and adds the nodes that are missing. */
  routesFor({ segments }: PathTemplate): VerbRoutes<R> {
    let node: RouteNode<R> = this
    for (const [index, segment] of segments.entries()) {
      if (segment.kind === 'many') return node.#tailFor(segments.slice(index + 1))
      node = node.#childFor(segment)
    }
    return node.#routes
  }

  /**
   * Finds the route of a path: a literal is preferred to `*`, and `*` to `**`, at the first segment where two routes
   * differ. Routes without the HTTP method are passed over.
   *
   * @param start the index of the next segment; `end + 1` if there is none
   */
  find(query: RouteQuery, start: number): R | undefined {
    query.steps += 1
    const { end } = query
    if (start > end) return routeIn(this.#routes, query) ?? this.#findMany(query, start)
    if (this.#one === undefined && this.#literals.size === 0) return this.#findMany(query, start)
    const slash = query.path.indexOf('/', start)
    const stop = slash < 0 || slash > end ? end : slash
    return (
      this.#literalChild(query, start, stop)?.find(query, stop + 1) ??
      // An empty segment matches no wildcard but "**".
      (stop > start ? this.#one?.find(query, stop + 1) : undefined) ??
      this.#findMany(query, start)
    )
  }

  #literalChild({ path, maxLiteralChars }: RouteQuery, start: number, stop: number): RouteNode<R> | undefined {
    if (this.#literals.size === 0 || stop - start > maxLiteralChars) return undefined
    const text = decodeSegment(path.slice(start, stop))
    return text === undefined ? undefined : this.#literals.get(text)
  }

  #findMany(query: RouteQuery, start: number): R | undefined {
    for (const { literals, routes } of this.#tails) {
      query.steps += 1
      const route = endsWith(query, literals, start) ? routeIn(routes, query) : undefined
      if (route !== undefined) return route
    }
    return undefined
  }

  #childFor(segment: TemplateSegment): RouteNode<R> {
    if (segment.kind !== 'literal') {
      this.#one ??= new RouteNode()
      return this.#one
    }
    const known = this.#literals.get(segment.text)
    if (known !== undefined) return known
    const child = new RouteNode<R>()
    this.#literals.set(segment.text, child)
    return child
  }

  #tailFor(segments: readonly TemplateSegment[]): VerbRoutes<R> {
    const literals = segments.flatMap((segment) => (segment.kind === 'literal' ? [segment.text] : []))
    const key = JSON.stringify(literals)
    const known = this.#tails.find((tail) => JSON.stringify(tail.literals) === key)
    if (known !== undefined) return known.routes
    const tail = { literals, routes: new Map() }
    this.#tails.push(tail)
    this.#tails.sort((a, b) => b.literals.length - a.literals.length)
    return tail.routes
  }
}

/** Returns how many characters a literal of a template can have in a path. */
export function maxEncodedChars({ segments, verb }: PathTemplate): number {
  const texts = segments.map((segment) => (segment.kind === 'literal' ? segment.text : ''))
  return Math.max(...[...texts, verb ?? ''].map((text) => text.length * ENCODED_CHARS))
}

/** Decodes a segment or a verb to compare it with a literal. Returns undefined for a malformed one: no literal equals it. */
export function decodeSegment(text: string): string | undefined {
  if (!text.includes('%')) return text
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}

/** Returns the route for the HTTP method, and notes the methods if there is none. */
function routeIn<R>(byVerb: VerbRoutes<R>, query: RouteQuery): R | undefined {
  const routes = byVerb.get(query.verb)
  if (routes === undefined) return undefined
  const route = routes.get(query.method) ?? routes.get('*')
  if (route !== undefined) return route
  query.otherMethods ??= new Set()
  for (const other of routes.keys()) query.otherMethods.add(other)
  return undefined
}

/** Returns whether a path ends with these segments, none of which begins before `start`. */
function endsWith({ path, end, maxLiteralChars }: RouteQuery, literals: readonly string[], start: number): boolean {
  let stop = end
  for (let index = literals.length - 1; index >= 0; index -= 1) {
    if (stop < start) return false
    const begin = path.lastIndexOf('/', stop - 1) + 1
    if (begin < start || stop - begin > maxLiteralChars) return false
    if (decodeSegment(path.slice(begin, stop)) !== literals[index]) return false
    stop = begin - 1
  }
  return true
}

/** The operations of a document by path and HTTP method. */
import type { Operation, PathItem } from '../model/document.ts'
import type { OpenApiVersion } from '../model/openapi-options.ts'
import { type DescribedPath, pathShape, pathText, variablesOf } from './described-path.ts'

/** The HTTP methods that a path can have in OpenAPI 3.1, in its order. */
const METHODS = ['GET', 'PUT', 'POST', 'DELETE', 'OPTIONS', 'HEAD', 'PATCH', 'TRACE']

/** Why an operation is not in the document. */
export type Omission = 'any-method' | 'custom-method' | 'taken'

/** Collects operations. */
export class PathTable {
  readonly #version: OpenApiVersion
  readonly #operations = new Map<string, Map<string, Operation>>()
  /** The text of the path with each shape. */
  readonly #shapes = new Map<string, { readonly text: string; readonly names: readonly string[] }>()

  constructor(version: OpenApiVersion) {
    this.#version = version
  }

  /**
   * Returns the text of a path and the names of its variables. They are those of the first path of this shape, as OpenAPI takes
   * `/shelves/{shelf}` and `/shelves/{id}` for the same.
   */
  claim(path: DescribedPath): { readonly text: string; readonly names: readonly string[] } {
    const shape = pathShape(path)
    const known = this.#shapes.get(shape)
    if (known !== undefined) return known
    const claimed = { text: pathText(path), names: variablesOf(path).map(({ name }) => name) }
    this.#shapes.set(shape, claimed)
    return claimed
  }

  /** Returns why an operation cannot be added; null if it can. */
  omissionOf(text: string, verb: string): Omission | null {
    if (verb === '*') return 'any-method'
    if (this.#version === '3.1' && !METHODS.includes(verb)) return 'custom-method'
    return this.#operations.get(text)?.has(verb) === true ? 'taken' : null
  }

  add(text: string, verb: string, operation: Operation): void {
    const byVerb = this.#operations.get(text) ?? new Map<string, Operation>()
    this.#operations.set(text, byVerb.set(verb, operation))
  }

  /** Returns the paths in the order in which they were added. */
  finish(): Readonly<Record<string, PathItem>> {
    return Object.fromEntries([...this.#operations].map(([text, byVerb]) => [text, this.#itemOf(byVerb)]))
  }

  #itemOf(byVerb: ReadonlyMap<string, Operation>): PathItem {
    const known = this.#version === '3.1' ? METHODS : [...METHODS, 'QUERY']
    const sorted = known.flatMap((verb) => {
      const operation = byVerb.get(verb)
      return operation === undefined ? [] : [[verb.toLowerCase(), operation] as const]
    })
    const others = [...byVerb].filter(([verb]) => !known.includes(verb))
    return {
      ...Object.fromEntries(sorted),
      ...(others.length > 0 && { additionalOperations: Object.fromEntries(others) }),
    }
  }
}

/** The path of an HTTP binding, such as `/v1/{name=shelves/*}/books:move` (google/api/http.proto, "Path template syntax"). */

/** One segment of a path. A literal is compared with the decoded segment of a request. */
export type TemplateSegment =
  | { readonly kind: 'literal'; readonly text: string }
  /** `*`: one segment, which is not empty. */
  | { readonly kind: 'one' }
  /** `**`: any number of segments. At most one per template; only literals may follow it. */
  | { readonly kind: 'many' }

/** A variable, and the segments that it captures. */
export interface TemplateVariable {
  /** The names of its field path: `book.name` has two. */
  readonly fieldPath: readonly string[]
  /** Index of its first segment. */
  readonly start: number
  /** Index after its last segment. */
  readonly end: number
  /** Whether it can span several segments, so that `%2F` in its value stays encoded. */
  readonly isMulti: boolean
}

/** A parsed template. */
export interface PathTemplate {
  /** As it was written. */
  readonly text: string
  readonly segments: readonly TemplateSegment[]
  readonly variables: readonly TemplateVariable[]
  /** The text after the last colon, decoded; null for none. */
  readonly verb: string | null
}

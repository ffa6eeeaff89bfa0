/** What the command `admin` shows. */
import type { JsonValue } from '@bufbuild/protobuf'

/** A table, and the same as JSON. */
export interface AdminView {
  readonly json: JsonValue
  readonly header: readonly string[]
  readonly rows: readonly (readonly string[])[]
  /** Whether the server has more than is shown. */
  readonly isCut?: boolean
  /** Why the command fails although it has something to show. Default: it succeeds. */
  readonly failure?: string
}

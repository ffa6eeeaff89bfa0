/** Response heads and trailers in the forms that transports need. */
import { type EncodableField, type HeaderSource, HeaderTemplate, headerField } from '../../../wire/http2/http2.ts'

/** A head with its status, or trailers. */
export class ResponseBlock {
  /** The HTTP status; 0 for trailers. */
  readonly status: number
  /**
   * The fields without the status: lower-case names and valid values. The creator of a block is responsible for that.
   */
  readonly fields: readonly EncodableField[]
  /** For HTTP/2, with the status first. */
  readonly http2: HeaderSource
  #http1: readonly string[] | undefined

  private constructor(status: number, fields: readonly EncodableField[], isShared: boolean) {
    this.status = status
    this.fields = fields
    const list = status === 0 ? fields : [statusField(status), ...fields]
    this.http2 = isShared ? new HeaderTemplate(list) : list
  }

  /**
   * Creates a block that is sent many times. For start-up and bounded caches only, because each connection remembers
   * its encoded form.
   */
  static shared(status: number, fields: readonly EncodableField[]): ResponseBlock {
    return new ResponseBlock(status, fields, true)
  }

  /** Creates a block for one response. */
  static once(status: number, fields: readonly EncodableField[]): ResponseBlock {
    return new ResponseBlock(status, fields, false)
  }

  /**
   * Returns the block with more fields. They replace existing ones of the same name, because the service set them; only
   * `vary` is added up.
   */
  with(added: readonly EncodableField[]): ResponseBlock {
    if (added.length === 0) return this
    const kept = this.fields.filter(({ name }) => name === 'vary' || !added.some((field) => field.name === name))
    return ResponseBlock.once(this.status, [...kept, ...added])
  }

  /** For HTTP/1.1: alternating names and values. */
  get http1(): readonly string[] {
    this.#http1 ??= this.fields.flatMap(({ name, value }) => [name, value])
    return this.#http1
  }
}

/**
 * Returns the fields by name, with a list for repeated names. The object has no prototype, so names such as `__proto__`
 * are safe.
 */
export function byName(fields: ResponseBlock['fields']): Record<string, string | string[]> {
  const values: Record<string, string | string[]> = Object.create(null)
  for (const { name, value } of fields) {
    const before = values[name]
    values[name] = before === undefined ? value : [before, value].flat()
  }
  return values
}

/** Whether a response with this status has a body (RFC 9110 sections 15.3.5 and 15.4.5). */
export function mayHaveBody(status: number): boolean {
  return status !== 204 && status !== 304
}

const statusFields = new Map<number, EncodableField>()

function statusField(status: number): EncodableField {
  let field = statusFields.get(status)
  if (field === undefined) {
    field = headerField(':status', String(status))
    statusFields.set(status, field)
  }
  return field
}

/** Heads and trailers of responses, in the forms in which transports take them. */
import { type EncodableField, type HeaderSource, HeaderTemplate, headerField } from '../../../wire/http2/http2.ts'

/** A head with its status, or trailers. */
export class ResponseBlock {
  /** The HTTP status, or 0 for trailers. */
  readonly status: number
  /** The fields without the status; names in lower case, values legal in HTTP: whoever makes a block has judged them. */
  readonly fields: readonly EncodableField[]
  /** For HTTP/2: status first. */
  readonly http2: HeaderSource
  #http1: readonly string[] | undefined

  private constructor(status: number, fields: readonly EncodableField[], isShared: boolean) {
    this.status = status
    this.fields = fields
    const list = status === 0 ? fields : [statusField(status), ...fields]
    this.http2 = isShared ? new HeaderTemplate(list) : list
  }

  /** A block that is sent again and again. Made at start-up or kept in a bounded cache: connections remember its encoded form. */
  static shared(status: number, fields: readonly EncodableField[]): ResponseBlock {
    return new ResponseBlock(status, fields, true)
  }

  /** A block for one response. */
  static once(status: number, fields: readonly EncodableField[]): ResponseBlock {
    return new ResponseBlock(status, fields, false)
  }

  /** With more fields; one that is here already is replaced, as what is added was set by the service, which knows better. */
  with(added: readonly EncodableField[]): ResponseBlock {
    if (added.length === 0) return this
    const kept = this.fields.filter(({ name }) => name === 'vary' || !added.some((field) => field.name === name))
    return ResponseBlock.once(this.status, [...kept, ...added])
  }

  /** For HTTP/1.1: names and values that alternate. */
  get http1(): readonly string[] {
    this.#http1 ??= this.fields.flatMap(({ name, value }) => [name, value])
    return this.#http1
  }
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

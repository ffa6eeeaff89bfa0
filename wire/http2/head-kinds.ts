/** Recognises request heads that differ only in fields such as trace ids and deadlines. */
import { digestRequest, HeadKind, isPseudo, type RequestHead, RequestVerdict } from './head.ts'
import type { HeaderBlock } from './hpack/header-block.ts'
import type { HeaderField } from './hpack/header-field.ts'
import { FieldFault, Token } from './hpack/header-name.ts'

/** Kinds that a session remembers. A client that calls more methods has some of them learned again. */
const MAX_KINDS = 32
/** Maximum total size of the heads that a session remembers, as it keeps their values for as long as it is open. */
const MAX_BYTES = 65_536
/** After so many unknown heads in a row, a session stops looking: its client does not use the dynamic table of HPACK. */
const MAX_MISSES = 64

/**
 * Digests the request heads of one session. Clients repeat most fields by reference to the dynamic table, so that comparing a few
 * objects shows that a head is of a known kind, and needs no further check.
 */
export class HeadKinds {
  /** By the field of the path. Null until the first head. */
  #kinds: Map<HeaderField, HeadKind> | null = null
  /** Size of the heads of the kinds. */
  #bytes = 0
  /** Unknown heads since the last known one. */
  #misses = 0

  readonly #allowsProtocol: boolean

  /** @param allowsProtocol see `digestRequest` */
  constructor(allowsProtocol = false) {
    this.#allowsProtocol = allowsProtocol
  }

  /** As `digestRequest`. */
  digest(block: HeaderBlock): RequestHead | string {
    if (this.#misses > MAX_MISSES) return digestRequest(block, this.#allowsProtocol)
    const path = pathOf(block.fields)
    const kind = path === undefined ? undefined : this.#kinds?.get(path)
    if (kind !== undefined && !block.exceeds && block.fault === FieldFault.none && kind.includes(block.fields)) {
      this.#misses = 0
      return kind.headOf(block.fields)
    }
    this.#misses++
    const head = digestRequest(block, this.#allowsProtocol)
    if (typeof head !== 'string' && path !== undefined && isPlain(head, block)) this.#learn(path, head, block)
    if (this.#misses > MAX_MISSES) this.#kinds = null
    return head
  }

  #learn(path: HeaderField, head: RequestHead, { fields, size }: HeaderBlock): void {
    if (size > MAX_BYTES) return
    this.#bytes += size
    if (this.#kinds === null || this.#kinds.size >= MAX_KINDS || this.#bytes > MAX_BYTES) {
      this.#kinds = new Map()
      this.#bytes = size
    }
    head.kind = new HeadKind(head, fields)
    this.#kinds.set(path, head.kind)
  }
}

function pathOf(fields: readonly HeaderField[]): HeaderField | undefined {
  for (const field of fields) if (field.token === Token.path) return field
  return undefined
}

/** Whether a head has nothing that must be checked for each request: Host, or a content-length. */
function isPlain({ fields, contentLength, verdict }: RequestHead, block: HeaderBlock): boolean {
  const first = block.fields[block.fields.length - fields.length - 1]
  const hasHost = first === undefined || !isPseudo(first)
  return !hasHost && contentLength === -1 && verdict === RequestVerdict.FINE
}

/** The names that the options give to headers. */
import type { Message } from '@bufbuild/protobuf'
import type { MessageReader } from '../../../../../wire/envelope-reader.ts'
import type { EncodableField } from '../../../../../wire/http2/http2.ts'
import { userFields } from '../../../../../wire/user-fields.ts'
import type { Exchange } from '../../../exchange/exchange.ts'
import type { ResponseBlock } from '../../../exchange/response-block.ts'
import type { Answer, ProtocolPlan } from '../../server-protocol.ts'
import type { FieldNameMapping } from '../rest-options.ts'

/** Returns fields under other names, without those that have none. */
export function renamed(
  fields: readonly EncodableField[],
  mapping: FieldNameMapping | null,
): readonly EncodableField[] {
  if (mapping === null) return fields
  return fields.flatMap(({ name, value }) => [mapping(name) ?? []].flat().map((mapped) => ({ name: mapped, value })))
}

/** An answer whose head has the metadata of the service under other names. */
export class RenamedAnswer implements Answer {
  readonly #answer: Answer
  readonly #mapping: FieldNameMapping

  constructor(answer: Answer, mapping: FieldNameMapping) {
    this.#answer = answer
    this.#mapping = mapping
  }

  get exchange(): Exchange {
    return this.#answer.exchange
  }

  get plan(): ProtocolPlan {
    return this.#answer.plan
  }

  get reader(): MessageReader<Message> {
    return this.#answer.reader
  }

  get responseHeaderIfSet(): Headers | undefined {
    return this.#answer.responseHeaderIfSet
  }

  get responseTrailerIfSet(): Headers | undefined {
    return this.#answer.responseTrailerIfSet
  }

  successHead(isBodyCompressed = false): ResponseBlock {
    const { plan, responseHeaderIfSet } = this.#answer
    const shared = isBodyCompressed ? plan.compressedHead : plan.head
    return shared.with(renamed(userFields(responseHeaderIfSet), this.#mapping))
  }
}

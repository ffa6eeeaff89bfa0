/**
 * Limits the memory that the objects of one decoded message take. A few octets can decode to thousands of objects, such as unknown
 * fields and empty messages, so a limit on octets alone bounds nothing.
 */
import {
  type BinaryReadOptions,
  type DescExtension,
  type DescMessage,
  fromBinary,
  getExtension,
  type Message,
  type MessageShape,
} from '@bufbuild/protobuf'
import { BinaryWriter } from '@bufbuild/protobuf/wire'
import { Code, ConnectError } from '@connectrpc/connect'
import { DecodeScan } from './decode-scan.ts'
import { freeBytesOf } from './free-bytes.ts'
import { extensionCostsOf, type MessageCosts, messageCostsOf } from './message-costs.ts'

/** The default of `decodeBudgetBytes`, per octet of the largest message. */
const BUDGET_PER_OCTET = 8

/** The default depth of nested messages, as in protobuf-es and other implementations of protobuf. */
export const DEFAULT_RECURSION_LIMIT = 100

/** Returns the default budget for messages of up to `maxBytes` octets. */
export function decodeBudgetFor(maxBytes: number): number {
  return BUDGET_PER_OCTET * maxBytes
}

/** Creates the error RESOURCE_EXHAUSTED for a message whose objects exceed the budget. */
export function overBudget(budgetBytes: number): ConnectError {
  const message = `the decoded message takes more than decodeBudgetBytes, ${budgetBytes} bytes of memory`
  return new ConnectError(message, Code.ResourceExhausted)
}

/** The default budget for messages of up to 4 MiB. */
export const DEFAULT_DECODE_BUDGET_BYTES = decodeBudgetFor(4_194_304)

/** Decoding is synchronous, so all messages share one scan. */
const scan = new DecodeScan()

/** Checks the binary messages of one type before they are decoded. */
export class DecodeBudget {
  readonly #costs: MessageCosts
  readonly #limits: Readonly<{ budgetBytes: number; recursionLimit: number; keepsUnknownFields: boolean }>
  /** Messages of up to this length are within the budget whatever they contain, and need no check. */
  readonly freeBytes: number

  /** @param options the options that messages are decoded with afterwards */
  constructor(desc: DescMessage, budgetBytes: number, options: Partial<BinaryReadOptions> = {}) {
    const { recursionLimit = DEFAULT_RECURSION_LIMIT, readUnknownFields = true } = options
    this.#costs = messageCostsOf(desc)
    this.#limits = { budgetBytes, recursionLimit, keepsUnknownFields: readUnknownFields }
    this.freeBytes = freeBytesOf(this.#costs, budgetBytes)
  }

  /** @throws ConnectError RESOURCE_EXHAUSTED for a message that exceeds the budget */
  check(octets: Uint8Array): void {
    if (scan.fits(this.#costs, octets, this.#limits)) return
    throw overBudget(this.#limits.budgetBytes)
  }
}

/** Decodes binary messages of several types, those that other messages contain as octets, within one budget. */
export class DecodeAllowance {
  #leftBytes: number

  /** @param budgetBytes default: 32 MiB */
  constructor(budgetBytes = DEFAULT_DECODE_BUDGET_BYTES) {
    this.#leftBytes = budgetBytes
  }

  /**
   * Decodes a message.
   *
   * @throws ConnectError RESOURCE_EXHAUSTED if it takes more than is left of the budget
   * @throws Error as protobuf-es does for malformed octets
   */
  decode<Desc extends DescMessage>(desc: Desc, octets: Uint8Array): MessageShape<Desc> {
    this.#spend(messageCostsOf(desc), octets)
    return fromBinary(desc, octets)
  }

  /**
   * Decodes an extension from the unknown fields of a message.
   *
   * @throws as `decode` does
   */
  extension(message: Message, extension: DescExtension): unknown {
    const writer = new BinaryWriter()
    for (const { no, wireType, data } of message.$unknown ?? []) {
      if (no === extension.number) writer.tag(no, wireType).raw(data)
    }
    this.#spend(extensionCostsOf(extension), writer.finish())
    return getExtension(message, extension)
  }

  #spend(costs: MessageCosts, octets: Uint8Array): void {
    const budgetBytes = this.#leftBytes
    const limits = { budgetBytes, recursionLimit: DEFAULT_RECURSION_LIMIT, keepsUnknownFields: true }
    if (!scan.fits(costs, octets, limits)) throw overBudget(budgetBytes)
    this.#leftBytes -= scan.spentBytes
  }
}

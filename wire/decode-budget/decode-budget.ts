/**
 * The budget of decoding: what the objects of one message may take in memory. A few octets can make thousands of objects, as unknown
 * fields and empty messages do, so that a limit of octets alone bounds nothing.
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

/** The default of `decodeBudgetBytes`, as a multiple of the largest message in octets. */
const BUDGET_PER_OCTET = 8

/** As in protobuf-es, and in other implementations of protobuf. */
const DEFAULT_RECURSION_LIMIT = 100

/** The budget of messages of up to `maxBytes` octets, where none is given. */
export function decodeBudgetFor(maxBytes: number): number {
  return BUDGET_PER_OCTET * maxBytes
}

/** RESOURCE_EXHAUSTED for a message whose objects are over the budget. */
export function overBudget(budgetBytes: number): ConnectError {
  const message = `the message takes more than ${budgetBytes} bytes of objects once decoded, the limit of decodeBudgetBytes`
  return new ConnectError(message, Code.ResourceExhausted)
}

/** Of messages of up to 4 MiB. */
export const DEFAULT_DECODE_BUDGET_BYTES = decodeBudgetFor(4_194_304)

/** Decoding is synchronous: one scan serves all. */
const scan = new DecodeScan()

/** Checks the binary messages of one type before they are decoded. */
export class DecodeBudget {
  readonly #costs: MessageCosts
  readonly #limits: Readonly<{ budgetBytes: number; recursionLimit: number; keepsUnknownFields: boolean }>
  /** Messages of up to this length are within the budget, whatever is in them: they need no check. */
  readonly freeBytes: number

  /** @param options those that messages are then decoded with */
  constructor(desc: DescMessage, budgetBytes: number, options: Partial<BinaryReadOptions> = {}) {
    const { recursionLimit = DEFAULT_RECURSION_LIMIT, readUnknownFields = true } = options
    this.#costs = messageCostsOf(desc)
    this.#limits = { budgetBytes, recursionLimit, keepsUnknownFields: readUnknownFields }
    this.freeBytes = freeBytesOf(this.#costs, budgetBytes)
  }

  /** @throws ConnectError RESOURCE_EXHAUSTED for a message that is over the budget */
  check(octets: Uint8Array): void {
    if (scan.fits(this.#costs, octets, this.#limits)) return
    throw overBudget(this.#limits.budgetBytes)
  }
}

/** Decodes binary messages of several types within one budget: those that other messages hold as octets. */
export class DecodeAllowance {
  #leftBytes: number

  /** @param budgetBytes default: 32 MiB */
  constructor(budgetBytes = DEFAULT_DECODE_BUDGET_BYTES) {
    this.#leftBytes = budgetBytes
  }

  /**
   * Decodes a message.
   *
   * @throws ConnectError RESOURCE_EXHAUSTED where it takes more than is left
   * @throws Error as protobuf-es does for octets that are not such a message
   */
  decode<Desc extends DescMessage>(desc: Desc, octets: Uint8Array): MessageShape<Desc> {
    this.#spend(messageCostsOf(desc), octets)
    return fromBinary(desc, octets)
  }

  /**
   * Decodes an extension out of the unknown fields of a message.
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

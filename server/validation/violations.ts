/** What is wrong with a message, as an error for the client. */
import { toBinary } from '@bufbuild/protobuf'
import { type Violation, violationToProto } from '@bufbuild/protovalidate'
import { ViolationSchema, ViolationsSchema } from '@bufbuild/protovalidate/gen/buf/validate/validate_pb.js'
import { Code, ConnectError } from '@connectrpc/connect'
import { clipSentence } from '../../wire/text/clip-text.ts'

/** Details travel in trailers, for which many clients and proxies accept 8 KiB; base64 adds a third. */
const MAX_DETAIL_BYTES = 4_096

/** The rules that a message violates. */
export class Violations {
  /** At least one. */
  readonly list: readonly Violation[]
  /** Whether validation has stopped at the first, so that there may be more. */
  readonly isPartial: boolean

  constructor(list: readonly Violation[], isPartial: boolean) {
    this.list = list
    this.isPartial = isPartial
  }

  /** `quantity: must be at most 100, and 2 more violations` */
  toString(): string {
    const [first] = this.list
    const sentence = clipSentence(first?.toString().split(' [')[0] ?? '')
    const more = this.list.length - 1
    if (this.isPartial) return `${sentence}, and perhaps more violations`
    return more === 0 ? sentence : `${sentence}, and ${more} more violation${more === 1 ? '' : 's'}`
  }

  /**
   * Returns INVALID_ARGUMENT. Its message names the first violation and how many more there are; a `buf.validate.Violations` detail has
   * as many as fit into 4 KiB.
   */
  toError(): ConnectError {
    const violations = this.#fitting()
    const details = violations.length === 0 ? [] : [{ desc: ViolationsSchema, value: { violations } }]
    return new ConnectError(this.toString(), Code.InvalidArgument, undefined, details)
  }

  #fitting() {
    const shown = []
    let bytes = 0
    for (const violation of this.list) {
      const [proto] = violationToProto(violation)
      bytes += toBinary(ViolationSchema, proto).byteLength
      if (bytes > MAX_DETAIL_BYTES) break
      shown.push(proto)
    }
    return shown
  }
}

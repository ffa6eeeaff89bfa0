/** The priorities of calls, by which an overloaded server chooses what to refuse. */
import type { DescMethod } from '@bufbuild/protobuf'
import type { AdmissionRequest } from '../rpc/admission.ts'

/** `sheddable` calls are refused first, and `critical` ones last. */
export type CallPriority = 'sheddable' | 'normal' | 'critical'

/** How much of the limit calls of a priority may fill. Critical ones find room where others have filled it. */
const SHARES: Readonly<Record<CallPriority, number>> = { sheddable: 0.5, normal: 1, critical: 2 }

/** How the priority of a call is determined. */
export interface PriorityOptions {
  /** The priority of a method, asked once per method. Default: `normal`. */
  readonly ofMethod?: (method: DescMethod) => CallPriority
  /**
   * The header field in which callers state the priority of a call, such as `x-request-priority`. Other values than a priority have no
   * effect. Default: none.
   */
  readonly header?: string
  /**
   * Whether the header may also raise the priority above that of the method. Anyone could make their calls critical, so it is for
   * callers that you trust: a function decides for each call. Default: false, and the header only lowers it.
   */
  readonly trustHeader?: boolean | ((call: AdmissionRequest) => boolean)
}

/** Returns a function that determines the share of the limit that a call may fill. */
export function priorityShares(options: PriorityOptions): (call: AdmissionRequest) => number {
  const { ofMethod, header, trustHeader = false } = options
  const byMethod = new Map<DescMethod, number>()

  function shareOfMethod(method: DescMethod): number {
    let share = byMethod.get(method)
    if (share === undefined) {
      share = SHARES[ofMethod?.(method) ?? 'normal']
      byMethod.set(method, share)
    }
    return share
  }

  return (call) => {
    const share = shareOfMethod(call.method)
    const stated = header === undefined ? undefined : statedShare(call.header.get(header))
    if (stated === undefined || stated === share) return share
    const isTrusted = typeof trustHeader === 'function' ? trustHeader(call) : trustHeader
    return isTrusted ? stated : Math.min(stated, share)
  }
}

function statedShare(value: string | null): number | undefined {
  return value !== null && Object.hasOwn(SHARES, value) ? SHARES[value as CallPriority] : undefined
}

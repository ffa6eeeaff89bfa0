/** The status with which a call ended, from what its protocol threw. */
import { type Registry, toBinary } from '@bufbuild/protobuf'
import { Code, ConnectError } from '@connectrpc/connect'
import type { CallStatus, StatusDetail } from '../../contracts/live-call.ts'
import { decodeDetail } from './status-details.ts'

/** Returns the name of a code as gRPC writes it, such as `INVALID_ARGUMENT`. */
export function codeName(code: number): string {
  // gRPC writes it with two letters L.
  if (code === Code.Canceled) return 'CANCELLED'
  if (code === 0) return 'OK'
  return (Code[code] ?? `CODE_${code}`).replace(/(?<=[a-z])(?=[A-Z])/g, '_').toUpperCase()
}

/** The status of success. */
export function okStatus(httpStatus: number | null): CallStatus {
  return { code: 'OK', message: '', httpStatus, details: [] }
}

/** Returns the status of a call that failed with `reason`. */
export function failedStatus(reason: unknown, httpStatus: number | null, registry: Registry): CallStatus {
  const error = ConnectError.from(reason)
  return {
    code: codeName(error.code),
    message: error.rawMessage,
    httpStatus,
    details: error.details.map((detail) => toStatusDetail(detail, registry)),
  }
}

function toStatusDetail(detail: ConnectError['details'][number], registry: Registry): StatusDetail {
  if ('type' in detail) return decodeDetail(detail.type, detail.value, registry)
  const message = detail.desc
  // Only an error that was made in this page has details that are not encoded.
  return decodeDetail(message.typeName, toBinary(message, detail.value as never), registry)
}

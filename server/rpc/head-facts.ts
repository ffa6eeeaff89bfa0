/** Picks out of a request's head, in one walk, what decides how it is answered. */
import { isBinaryMetadata } from '../../wire/base64.ts'
import type { RequestField } from './exchange/exchange.ts'

/** Values of headers; undefined where there is none. */
export interface HeadFacts {
  contentType: string | undefined
  origin: string | undefined
  grpcTimeout: string | undefined
  connectTimeout: string | undefined
  grpcEncoding: string | undefined
  grpcAcceptEncoding: string | undefined
  connectEncoding: string | undefined
  connectAcceptEncoding: string | undefined
  contentEncoding: string | undefined
  acceptEncoding: string | undefined
  connectVersion: string | undefined
  /** The name of a `-bin` header whose value is not base64. */
  malformedBinary: string | undefined
}

/** Reads the facts. Of headers that can only stand once the last one counts; lists are joined. */
export function readHeadFacts(fields: readonly RequestField[]): HeadFacts {
  const facts: HeadFacts = {
    contentType: undefined,
    origin: undefined,
    grpcTimeout: undefined,
    connectTimeout: undefined,
    grpcEncoding: undefined,
    grpcAcceptEncoding: undefined,
    connectEncoding: undefined,
    connectAcceptEncoding: undefined,
    contentEncoding: undefined,
    acceptEncoding: undefined,
    connectVersion: undefined,
    malformedBinary: undefined,
  }
  for (const field of fields) readField(facts, field.name, field.value)
  return facts
}

function readField(facts: HeadFacts, name: string, value: string): void {
  switch (name) {
    case 'content-type':
      facts.contentType = value
      break
    case 'origin':
      facts.origin = value
      break
    case 'grpc-timeout':
      facts.grpcTimeout = value
      break
    case 'connect-timeout-ms':
      facts.connectTimeout = value
      break
    case 'grpc-encoding':
      facts.grpcEncoding = value
      break
    case 'grpc-accept-encoding':
      facts.grpcAcceptEncoding = joined(facts.grpcAcceptEncoding, value)
      break
    case 'connect-content-encoding':
      facts.connectEncoding = value
      break
    case 'connect-accept-encoding':
      facts.connectAcceptEncoding = joined(facts.connectAcceptEncoding, value)
      break
    case 'content-encoding':
      facts.contentEncoding = value
      break
    case 'accept-encoding':
      facts.acceptEncoding = joined(facts.acceptEncoding, value)
      break
    case 'connect-protocol-version':
      facts.connectVersion = value
      break
    default:
      if (name.endsWith('-bin') && !isBinaryMetadata(value)) facts.malformedBinary = name
  }
}

function joined(before: string | undefined, value: string): string {
  return before === undefined ? value : `${before},${value}`
}

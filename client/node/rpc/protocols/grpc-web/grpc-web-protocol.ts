/** gRPC-Web, in binary. */
import { Buffer } from 'node:buffer'
import { Code, ConnectError } from '@connectrpc/connect'
import type { AttemptStart } from '../../../../../wire/call-observer.ts'
import { EnvelopeFlag } from '../../../../../wire/envelope.ts'
import { type EncodableField, type HeaderField, headerField } from '../../../../../wire/http2/http2.ts'
import { errorOfHttpStatus, errorOfTrailers, fieldValue } from '../../../../../wire/read-status.ts'
import { clipValue } from '../../../../../wire/text/clip-text.ts'
import type { HttpHead } from '../../../contracts/http-exchange.ts'
import { isOverLimits, type MetadataLimits, maxFieldsOf, overLimits } from '../../../contracts/metadata-limits.ts'
import type { SubchannelConnection } from '../../../contracts/subchannel.ts'
import type { Attempt, AttemptFactory, AttemptOwner } from '../../attempt.ts'
import type { ClientProtocol, MethodPlan } from '../../method-plan.ts'
import { type Ending, EnvelopedAttempt, withHeadFields } from '../enveloped-attempt.ts'
import { grpcEncodingFields, grpcShownTimeout, grpcTimeoutField } from '../grpc/grpc-protocol.ts'
import { type HttpMethod, type RequestInit, toHeaderFields } from '../http-attempt.ts'

/** The client side of gRPC-Web. */
export const grpcWebProtocol: ClientProtocol = Object.freeze({
  name: 'grpc-web',
  httpMethodOf: () => 'POST',
  attemptsOf: (plan: MethodPlan) => new GrpcWebMethod(plan),
})

const USER_AGENT = 'x-user-agent'

class GrpcWebMethod implements AttemptFactory, HttpMethod {
  readonly plan: MethodPlan
  readonly fields: readonly EncodableField[]
  readonly timeoutField = grpcTimeoutField
  readonly shownTimeout = grpcShownTimeout

  constructor(plan: MethodPlan) {
    const { userAgent, format } = plan.settings
    this.plan = plan
    this.fields = [
      { name: 'content-type', value: format === 'json' ? 'application/grpc-web+json' : 'application/grpc-web+proto' },
      { name: 'x-grpc-web', value: '1' },
      { name: USER_AGENT, value: userAgent },
      { name: 'user-agent', value: userAgent },
      ...grpcEncodingFields(plan.settings),
    ]
  }

  createAttempt(owner: AttemptOwner, kind: AttemptStart): Attempt {
    return new GrpcWebAttempt(this, owner, kind)
  }
}

const GRPC_WEB_CONTENT = /^application\/grpc-web(?:[+;]|$)/

/** An attempt over gRPC-Web. */
class GrpcWebAttempt extends EnvelopedAttempt {
  protected override readonly endFlag = EnvelopeFlag.TRAILERS
  protected override readonly encodingName = 'grpc-encoding'

  protected override request(connection: SubchannelConnection, init: RequestInit): void {
    // Browsers cannot set a user agent otherwise, so a caller may set this one, too.
    const { fields } = this.method
    const isOwn = this.owner.header?.has(USER_AGENT) !== true
    super.request(connection, { ...init, fields: isOwn ? fields : fields.filter(({ name }) => name !== USER_AGENT) })
  }

  protected override headFault(head: HttpHead): ConnectError | null {
    const { status, fields } = head
    // The grpc-web package accepts any successful HTTP status.
    if (status < 200 || status > 299) return withHeadFields(errorOfHttpStatus(status), head)
    const contentType = fieldValue(fields, 'content-type') ?? ''
    if (GRPC_WEB_CONTENT.test(contentType)) return null
    return withHeadFields(
      new ConnectError(`the answer is "${clipValue(contentType)}", not gRPC-Web`, Code.Unknown),
      head,
    )
  }

  protected override endingOfHead({ fields }: HttpHead): Ending | null {
    const error = errorOfTrailers(fields)
    return error === undefined ? null : { trailers: toHeaderFields(fields), error }
  }

  protected override parseEnding(data: Uint8Array, head: HttpHead): Ending {
    const trailers = readTrailers(data, this.method.plan.settings.metadataLimits)
    const error = errorOfTrailers(trailers)
    if (error === undefined) throw new ConnectError('missing status: the trailers have no grpc-status', Code.Internal)
    return { trailers, error: error === null ? null : withHeadFields(error, head) }
  }

  protected override missingEnding(): ConnectError {
    return new ConnectError('missing trailers: the answer ended without them', Code.Internal)
  }
}

const NAME = /^[!#$%&'*+\-.^_`|~0-9a-z]+$/

/**
 * Parses lines as in an HTTP/1.1 head.
 *
 * @throws ConnectError INTERNAL for an invalid name or value; RESOURCE_EXHAUSTED above the limits
 */
function readTrailers({ buffer, byteOffset, byteLength }: Uint8Array, limits: MetadataLimits): HeaderField[] {
  const text = Buffer.from(buffer, byteOffset, byteLength).toString('latin1')
  // One more than allowed, and the empty text after the last line break.
  const lines = text.split('\r\n', maxFieldsOf(limits) + 2)
  const fields = lines.flatMap((line) => {
    const colon = line.indexOf(':')
    return colon > 0 ? headerField(line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim()) : []
  })
  if (isOverLimits(fields, limits)) throw overLimits('trailers')
  const unfit = fields.find(({ fault }) => fault !== 0)
  if (unfit === undefined) return fields
  const what = NAME.test(unfit.name) ? 'value' : 'name'
  throw new ConnectError(
    `the trailers have an invalid header ${what}, at ${JSON.stringify(clipValue(unfit.name))}`,
    Code.Internal,
  )
}

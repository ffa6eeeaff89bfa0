/** The command line that makes the same call. */
import { type DescMethod, type MessageShape, toBinary, toJsonString } from '@bufbuild/protobuf'
import type { WebProtocol } from '../../public.ts'

/** The method to call, where, and with which request. */
export interface CurlCall<Method extends DescMethod> {
  readonly method: Method
  /** Ends with a slash. */
  readonly baseUrl: string
  readonly protocol: WebProtocol
  readonly request: MessageShape<Method['input']>
}

/** Returns the command for a unary call, for any POSIX shell. */
export function curlCommand<Method extends DescMethod>(call: CurlCall<Method>): string {
  return call.protocol === 'connect' ? connectCommand(call) : grpcWebCommand(call)
}

function connectCommand<Method extends DescMethod>({ method, baseUrl, request }: CurlCall<Method>): string {
  const body = toJsonString(method.input, request)
  return lines('curl', "-H 'content-type: application/json'", `-d ${quote(body)}`, quote(urlOf(baseUrl, method)))
}

/** The body is one envelope, which `printf` writes: a byte of flags, four bytes of length, and the message. */
function grpcWebCommand<Method extends DescMethod>({ method, baseUrl, request }: CurlCall<Method>): string {
  const message = toBinary(method.input, request)
  const envelope = new Uint8Array(5 + message.length)
  new DataView(envelope.buffer).setUint32(1, message.length)
  envelope.set(message, 5)
  return lines(
    `printf ${quote(octal(envelope))} | curl`,
    "-H 'content-type: application/grpc-web+proto' -H 'x-grpc-web: 1'",
    '--data-binary @- --output -',
    quote(urlOf(baseUrl, method)),
  )
}

function urlOf(baseUrl: string, method: DescMethod): string {
  return `${baseUrl}${method.parent.typeName}/${method.name}`
}

function lines(...parts: readonly string[]): string {
  return parts.join(' \\\n  ')
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`
}

/** Writes everything but letters and digits as `\ooo`, always with three digits, so that a digit may follow. */
function octal(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => {
    const character = String.fromCharCode(byte)
    return /[A-Za-z0-9]/.test(character) ? character : `\\${byte.toString(8).padStart(3, '0')}`
  }).join('')
}

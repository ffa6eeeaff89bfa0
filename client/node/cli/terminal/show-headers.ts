/** Shows the headers and trailers of responses. */
import type { Writable } from 'node:stream'
import type { Interceptor, StreamResponse } from '@connectrpc/connect'
import { printable } from '../../../../wire/text/escape-controls.ts'
import type { TransportOptions } from '../../transport-options.ts'
import { writeLine } from './io.ts'

/** Returns the options with an interceptor that writes headers and trailers to the output as they arrive. */
export function withShownHeaders(options: TransportOptions, output: Writable): TransportOptions {
  return { ...options, interceptors: [...(options.interceptors ?? []), showHeaders(output)] }
}

function showHeaders(output: Writable): Interceptor {
  return (next) => async (request) => {
    const response = await next(request)
    await writeAll(output, 'header', response.header)
    if (response.stream) return { ...response, message: beforeTrailers(response, output) }
    await writeAll(output, 'trailer', response.trailer)
    return response
  }
}

async function* beforeTrailers({ message, trailer }: StreamResponse, output: Writable): StreamResponse['message'] {
  yield* message
  await writeAll(output, 'trailer', trailer)
}

async function writeAll(output: Writable, kind: string, headers: Headers): Promise<void> {
  for (const [name, value] of headers) await writeLine(output, printable(`${kind} ${name}: ${textOf(value)}`))
}

/** Node decodes header values as Latin-1. Values that are valid UTF-8 were meant as UTF-8. */
function textOf(value: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(value, 'latin1'))
  } catch {
    return value
  }
}

/** A collector of OTLP over HTTP that keeps what it receives, undecoded: names and values of text are in it as they are. */
import { createServer, type IncomingHttpHeaders } from 'node:http'
import { onTestFinished } from 'vitest'
import { scanForSecrets } from './planted-secrets.ts'
import { startListening } from './start-listening.ts'

/** An export. */
export interface OtlpExport {
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

/** Started, and closed when the running test ends. */
export async function startOtlpSink(): Promise<{ readonly origin: string; readonly exports: readonly OtlpExport[] }> {
  const exports: OtlpExport[] = []
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString('latin1')
      scanForSecrets(`export to ${request.url}`, body)
      exports.push({ path: request.url ?? '', headers: request.headers, body })
      response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end()
    })
  })
  const { port, close } = await startListening(server)
  onTestFinished(close)
  return { origin: `http://127.0.0.1:${port}`, exports }
}

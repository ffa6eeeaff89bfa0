/** One trace from a browser over two servers, as a collector sees it that decodes with OpenTelemetry's own protos. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Page } from 'playwright-core'
import type { WebProtocol } from '../../client/web/public.ts'
import { bundleCalls } from '../support/browser-bundle.ts'
import { launchChromium } from '../support/chromium.ts'
import { startProgram } from '../support/command.ts'
import type { Check } from '../support/run-checks.ts'
import { installPython, PYTHON } from './grpcio-venv.ts'

const FOLDER = path.join(import.meta.dirname, 'otel')
const ADDRESS = /listening at (https?:\/\/[^\s"]+)/
const METHOD = 'greeter.v1.GreeterService/SayHello'
const TIMEOUT_MS = 30_000

/** Spans of one call from the browser: A's own, and for each of three protocols the call, its attempt, and B's. */
const SPANS_PER_TRACE = 1 + 3 * 3

/** Checks, and what they need until disposal. */
export interface TraceChecks extends AsyncDisposable {
  readonly checks: readonly Check[]
}

/** A span as the collector decodes it. */
interface SinkSpan {
  readonly service: string
  readonly name: string
  readonly kind: 'SPAN_KIND_SERVER' | 'SPAN_KIND_CLIENT' | 'SPAN_KIND_INTERNAL'
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId: string
  readonly attributes: Readonly<Record<string, unknown>>
}

/** Starts a collector, the servers A and B, and a browser; they go on until the result is disposed of. */
export async function traceChecks(): Promise<TraceChecks> {
  await installPython()
  await using started = new AsyncDisposableStack()
  const sink = started.use(await startProgram({ program: PYTHON, args: [path.join(FOLDER, 'sink.py')] }, ADDRESS)).found
  const startHop = async (service: string, env: NodeJS.ProcessEnv = {}) => {
    const otel = { OTEL_EXPORTER_OTLP_ENDPOINT: sink, OTEL_SERVICE_NAME: service, OTEL_BSP_SCHEDULE_DELAY: '100' }
    const args = [path.join(FOLDER, 'hop.ts'), '--port', '0', '--log-format', 'json']
    const command = { program: process.execPath, args, env: { ...process.env, ...otel, ...env } }
    return started.use(await startProgram(command, ADDRESS)).found
  }
  const behind = await startHop('b')
  const front = await startHop('a', { BEHIND: behind })
  const browser = started.adopt(await launchChromium(), (running) => running.close())
  const page = await browser.newPage()
  await page.goto(`${front}/livez`)
  await page.addScriptTag({ content: await bundleCalls(path.join(FOLDER, 'page.ts')) })
  const running = started.move()
  return {
    checks: (['connect', 'grpc-web'] as const).map((protocol) => traceCheck(page, sink, protocol)),
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  }
}

function traceCheck(page: Page, sink: string, protocol: WebProtocol): Check {
  return {
    name: `OTLP: TR-1 one trace, browser over ${protocol} -> A -> B over gRPC, gRPC-Web and Connect`,
    async run() {
      const [traceId, spanId] = [randomBytes(16).toString('hex'), randomBytes(8).toString('hex')]
      const message = await page.evaluate(`calls.greet('${protocol}', '00-${traceId}-${spanId}-01')`)
      assert.equal(message, 'Hello Ada')
      assertTrace(await spansOf(sink, traceId), { spanId, protocol })
    },
  }
}

/** Waits until the collector has a whole trace. */
async function spansOf(sink: string, traceId: string): Promise<readonly SinkSpan[]> {
  const endMs = performance.now() + TIMEOUT_MS
  for (;;) {
    const { spans } = (await (await fetch(sink)).json()) as { readonly spans: readonly SinkSpan[] }
    const ofTrace = spans.filter((span) => span.traceId === traceId)
    if (ofTrace.length >= SPANS_PER_TRACE || performance.now() > endMs) return ofTrace
    await sleep(100)
  }
}

function assertTrace(spans: readonly SinkSpan[], root: { readonly spanId: string; readonly protocol: string }): void {
  const childrenOf = (spanId: string) => spans.filter(({ parentSpanId }) => parentSpanId === spanId)
  const only = (spanId: string): SinkSpan => {
    const [child, ...others] = childrenOf(spanId)
    assert(child !== undefined && others.length === 0, `${spanId} has not one child: ${JSON.stringify(spans)}`)
    return child
  }
  const atFront = only(root.spanId)
  assertSpan(atFront, 'a', 'SPAN_KIND_SERVER', root.protocol)
  const calls = childrenOf(atFront.spanId)
  assert.equal(calls.length, 3)
  for (const [index, protocol] of ['grpc', 'grpc-web', 'connect'].entries()) {
    const call = calls[index]
    assert(call !== undefined)
    assertSpan(call, 'a', 'SPAN_KIND_CLIENT', protocol)
    const attempt = only(call.spanId)
    assert.equal(attempt.kind, 'SPAN_KIND_INTERNAL')
    assertSpan(only(attempt.spanId), 'b', 'SPAN_KIND_SERVER', protocol)
  }
  assert.equal(spans.length, SPANS_PER_TRACE)
}

function assertSpan(span: SinkSpan, service: string, kind: SinkSpan['kind'], protocol: string): void {
  const { attributes } = span
  const isConnect = protocol === 'connect'
  assert.deepEqual(
    [span.service, span.name, span.kind, attributes['rpc.system.name'], attributes['rpc.method']],
    [service, METHOD, kind, isConnect ? 'connectrpc' : 'grpc', METHOD],
  )
  assert.equal(attributes['rpc.status_code'], isConnect ? undefined : 'OK')
}

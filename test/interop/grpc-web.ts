/** grpc-web's official client in Chromium: unary calls, a stream and an error, binary and in base64. */
import path from 'node:path'
import { Code } from '@connectrpc/connect'
import type { Page } from 'playwright-core'
import { bundleCalls } from '../support/browser-bundle.ts'
import { launchChromium } from '../support/chromium.ts'
import type { Check } from '../support/run-checks.ts'
import type { Ground } from './ground.ts'

/** A browser, and the checks in it. */
export interface GrpcWebChecks extends AsyncDisposable {
  readonly checks: readonly Check[]
}

/** Starts the browser; it goes on until the result is disposed of. */
export async function grpcWebChecks({ cleartext }: Ground): Promise<GrpcWebChecks> {
  const browser = await launchChromium()
  const page = await browser.newPage()
  // Any document of the server's origin will do.
  await page.goto(`http://${cleartext}/livez`)
  await page.addScriptTag({ content: await bundleCalls(path.join(import.meta.dirname, 'grpc-web/calls.ts')) })
  const checks = ['binary', 'text'].flatMap((format) => {
    const way = `{ origin: location.origin, format: '${format}' }`
    return [
      check(page, `unary, ${format}`, { call: `greet(${way}, 'grpc-web')`, answer: 'Hello grpc-web' }),
      check(page, `server stream, ${format}`, {
        call: `readTopic(${way}, 'grpc-web/${format}', ['a', 'b'])`,
        answer: ['a', 'b'],
      }),
      check(page, `error, ${format}`, { call: `publishNowhere(${way})`, answer: Code.InvalidArgument }),
    ]
  })
  return { checks, [Symbol.asyncDispose]: () => browser.close() }
}

/** A script for the page, and its expected result. */
interface PageCall {
  readonly call: string
  readonly answer: unknown
}

function check(page: Page, name: string, { call, answer }: PageCall): Check {
  return {
    name: `grpc-web client: ${name}`,
    async run() {
      const seen = JSON.stringify(await page.evaluate(`calls.${call}`))
      if (seen !== JSON.stringify(answer)) throw new Error(`${call} gave ${seen}`)
    },
  }
}

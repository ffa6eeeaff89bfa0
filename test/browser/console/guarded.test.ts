/** The console of a server that asks its callers who they are. */
import { fastify } from 'fastify'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { GreeterService } from '../../../gen/greeter/v1/greeter_pb.js'
import { authenticate } from '../../../server/auth/authenticate.ts'
import { apiKeys, hashApiKey } from '../../../server/auth/schemes/api-keys.ts'
import type { AuthScheme } from '../../../server/auth/schemes/auth-scheme.ts'
import { basic } from '../../../server/auth/schemes/basic.ts'
import { hashPassword } from '../../../server/auth/schemes/password-hash.ts'
import { onePort } from '../../../server/listen/one-port.ts'
import { portico } from '../../../server/plugin.ts'
import { principalKey } from '../../../server/rpc/context-keys.ts'
import type { PorticoRouter } from '../../../server/rpc/service-options.ts'
import { launchChromium } from '../../support/chromium.ts'
import { chooseProtocol, fillRequest, sendButton, statusOf } from '../../support/console/call-page.ts'
import { builtConsole } from '../../support/console-app.ts'
import { startFastify } from '../../support/demo-server.ts'
import { openPage } from '../open-page.ts'

const SOON = { timeout: 30_000 }
const REFUSED = /Failed to load resource: the server responded with a status of 401|WebSocket connection to/
const SECRET = 'swordfish-and-chips'

let browser: Browser
let folder: string

beforeAll(async () => {
  browser = await launchChromium()
  folder = await builtConsole()
}, 120_000)

afterAll(async () => {
  await browser.close()
})

function routes(router: PorticoRouter): void {
  router.service(GreeterService, {
    sayHello: (_request, { values }) => ({ message: `Hello ${values.get(principalKey)?.name}` }),
  })
}

/** Below a prefix, as behind a gateway. */
async function start(scheme: AuthScheme): Promise<string> {
  const app = fastify(onePort())
  const middleware = [authenticate({ schemes: [scheme] })]
  const options = { routes, middleware, reflection: true, console: { folder, title: 'Guarded' } }
  await app.register(async (scope) => void (await scope.register(portico, options)), { prefix: '/shop' })
  const { origin } = await startFastify(app)
  return origin
}

function open(origin: string, view = ''): Promise<Page> {
  const viewport = { width: 1_400, height: 1_000 }
  return openPage(browser, origin, { path: '/shop/console/', view, viewport, expectedComplaints: REFUSED })
}

const SCHEMES: readonly (readonly [
  name: string,
  () => Promise<AuthScheme>,
  (page: Page, secret: string) => Promise<void>,
])[] = [
  [
    'an API key',
    async () => apiKeys({ keys: [{ name: 'ada', hash: hashApiKey(SECRET) }] }),
    (page, secret) => page.getByLabel('x-api-key').fill(secret),
  ],
  [
    'a password',
    async () => basic({ users: [{ name: 'ada', hash: await hashPassword(SECRET) }] }),
    async (page, secret) => {
      await page.getByLabel('User name').fill('ada')
      await page.getByLabel('Password').fill(secret)
    },
  ],
]

describe.each(SCHEMES)('%s', (_name, scheme, fill) => {
  it('opens the API and its calls, and stays out of what the browser keeps', async () => {
    const page = await open(await start(await scheme()), '/method/greeter.v1.GreeterService/SayHello')
    const signIn = async (secret: string) => {
      await fill(page, secret)
      const answer = page.waitForResponse(/descriptors\.binpb$/)
      await page.locator('main').getByRole('button', { name: 'Sign in' }).click()
      return (await answer).status()
    }
    await page.getByRole('heading', { name: 'Sign in to see this API' }).waitFor(SOON)
    expect(await page.locator('body').textContent()).not.toContain('GreeterService')
    expect(await signIn('wrong')).toBe(401)
    await page.getByRole('heading', { name: 'Sign in to see this API' }).waitFor(SOON)
    expect(await signIn(SECRET)).toBe(200)
    await page.getByRole('heading', { level: 1, name: 'SayHello' }).waitFor(SOON)
    for (const protocol of ['Connect', 'gRPC-Web', 'WebSocket', 'REST']) {
      await chooseProtocol(page, protocol)
      await fillRequest(page, { name: 'x' })
      await sendButton(page).click()
      await expect.poll(() => statusOf(page).textContent(), SOON).toBe('OK')
      await expect.poll(() => page.locator('.message-body pre').textContent(), SOON).toContain('"Hello ada"')
    }
    expect(await page.evaluate(keptByBrowser)).not.toContain(SECRET)
    expect(await page.evaluate(() => document.cookie)).toBe('')
    expect(page.url()).not.toContain(SECRET)
  })
})

it('the form asks for a password, and the browser does not', async () => {
  const scheme = basic({ users: [{ name: 'ada', hash: await hashPassword(SECRET) }] })
  const page = await open(await start(scheme), '/overview')
  const asked: string[] = []
  const session = await page.context().newCDPSession(page)
  session.on('Fetch.requestPaused', ({ requestId }) => {
    // Fails for a request that the page has dropped meanwhile.
    session.send('Fetch.continueRequest', { requestId }).catch(() => {})
  })
  session.on('Fetch.authRequired', ({ requestId, request }) => {
    asked.push(request.url)
    const authChallengeResponse = { response: 'CancelAuth' } as const
    session.send('Fetch.continueWithAuth', { requestId, authChallengeResponse }).catch(() => {})
  })
  await session.send('Fetch.enable', { handleAuthRequests: true })
  await page.reload()
  await page.getByLabel('User name').fill('ada', SOON)
  await page.getByLabel('Password').fill('wrong')
  await page.locator('main').getByRole('button', { name: 'Sign in' }).click()
  await page.getByText('does not accept these credentials').waitFor(SOON)
  expect(asked).toEqual([])
})

/** What outlives the tab: local storage, and all records of all databases. Runs in the page. */
async function keptByBrowser(): Promise<string> {
  const done = <T>(request: IDBRequest<T>) =>
    new Promise<T>((resolve, reject) => {
      request.onsuccess = () => resolve(request.result)
      request.onerror = () => reject(request.error)
    })
  const kept: unknown[] = [{ ...localStorage }]
  for (const { name = '' } of await indexedDB.databases()) {
    const database = await done(indexedDB.open(name))
    for (const store of database.objectStoreNames) {
      kept.push(await done(database.transaction(store).objectStore(store).getAll()))
    }
    database.close()
  }
  return JSON.stringify(kept)
}

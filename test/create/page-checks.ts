/** The page of the template `service+web`, in development and built. */
import type { Browser } from 'playwright-core'
import { launchChromium } from '../support/chromium.ts'
import { expectParts, untilAnswer } from '../support/expect-output.ts'
import { freePort } from '../support/ports.ts'
import type { Check } from '../support/run-checks.ts'
import type { CreatedProject } from './created-project.ts'
import { LISTENING, sign } from './service-checks.ts'

const SERVICE = 'guests.v1.GuestbookService'
/** The line of Vite with its address. */
const VITE = /Local:\s+(http:\/\/localhost:\d+)/

/** The checks, in the order in which a user meets them. */
export function pageChecks(project: CreatedProject): readonly Check[] {
  const check = (name: string, run: () => Promise<void>): Check => ({ name: `service+web: ${name}`, run })
  return [
    check('npm create without a name takes the empty folder', async () => {
      await expectParts(project.create('--template', 'service+web'), 'Created guests in', 'npm install')
    }),
    check('npm install, the tests, the types and buf lint', async () => {
      await project.npm('install')
      await expectParts(project.npm('test'), '2 passed')
      await project.npm('run', 'check')
      await project.npm('run', 'lint')
    }),
    check('npm run dev serves the page by Vite, whose proxy reaches the server', async () => {
      await using dev = await project.start('dev', await freePort(), VITE)
      await untilAnswer(() => sign(dev.found, SERVICE), '"author":"Ada"')
      await visit(dev.found)
    }),
    check('npm start serves the page that npm run build wrote', async () => {
      await project.npm('run', 'build')
      await using server = await project.start('start', await freePort(), LISTENING)
      await visit(server.found)
    }),
  ]
}

/** Signs on the page, and waits until the stream delivers the entry. */
async function visit(origin: string): Promise<void> {
  await using cleanup = new AsyncDisposableStack()
  const browser = cleanup.adopt(await launchChromium(), (opened: Browser) => opened.close())
  const page = await browser.newPage()
  const complaints: string[] = []
  page.on('pageerror', (error) => complaints.push(String(error)))
  await page.goto(origin)
  await page.getByLabel('Name').fill('Grace')
  await page.getByLabel('Message').fill(`Hello from ${origin}`)
  await page.getByRole('button').click()
  await page.getByText(`Grace: Hello from ${origin}`).waitFor()
  if (complaints.length > 0) throw new Error(complaints.join('\n'))
}

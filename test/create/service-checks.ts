/** The template `service`, from its creation to the end of its server. */
import { appendFile, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { runCommand } from '../support/command.ts'
import { expectParts, untilAnswer } from '../support/expect-output.ts'
import { freePort } from '../support/ports.ts'
import type { Check } from '../support/run-checks.ts'
import type { CreatedProject } from './created-project.ts'

const SERVICE = 'web_shop.v1.GuestbookService'
const PROTO = 'proto/web_shop/v1/guestbook.proto'

/** The checks, in the order in which a user meets them. */
export function serviceChecks(project: CreatedProject, grpcurl: string): readonly Check[] {
  const check = (name: string, run: () => Promise<void>): Check => ({ name: `service: ${name}`, run })
  return [
    check('npm create writes it and names the next steps', async () => {
      await expectParts(project.create('web-shop'), 'cd web-shop', 'npm install', 'npm run dev')
    }),
    check('npm create leaves a folder alone that is not empty', async () => {
      await expectParts(project.failToCreate('web-shop'), 'ended with 1', 'is not an empty folder')
    }),
    check('npm create refuses wrong arguments', async () => {
      await expectParts(project.failToCreate('web-shop', '--tempalte', 'service'), 'ended with 2', '--tempalte')
    }),
    check('npm install generates the code of the proto', async () => {
      await project.npm('install')
      await readFile(path.join(project.folder, 'gen/web_shop/v1/guestbook_pb.js'))
    }),
    check('the tests pass', () => expectParts(project.npm('test'), '2 passed')),
    check('the types hold', async () => void (await project.npm('run', 'check'))),
    check('the protos pass buf lint', async () => void (await project.npm('run', 'lint'))),
    check('npm run dev serves curl, grpcurl and the client, and follows changes', () => develop(project, grpcurl)),
    check('npm start drains on SIGTERM, while a watch is open, and ends with 0', async () => {
      const server = await project.start('start', await freePort(), LISTENING)
      await expectParts(sign(server.found), '"author":"Ada"')
      await untilAnswer(() => healthCheck(project, server.found), 'SERVING')
      const watch = await startWatch(server.found)
      const code = await server.end('SIGTERM')
      if (code !== 0) throw new Error(`npm start ended with ${code}`)
      await expectParts(watch.text(), '"author":"Ada"', '{}')
    }),
  ]
}

/** The line of the server's log with its address. */
export const LISTENING = /listening at (http:\/\/[\d.:]+)/

/** Runs what the Dockerfile has as its health check. */
async function healthCheck({ folder }: CreatedProject, address: string): Promise<string> {
  const dockerfile = await readFile(path.join(folder, 'Dockerfile'), 'utf8')
  const [, command = ''] = /^HEALTHCHECK .*\\\n\s*CMD (.+)$/m.exec(dockerfile) ?? []
  const env = { ...process.env, PORT: new URL(address).port }
  return runCommand({ program: 'sh', args: ['-c', command], cwd: folder, env })
}

async function develop(project: CreatedProject, grpcurl: string): Promise<void> {
  await using server = await project.start('dev', await freePort(), LISTENING)
  const address = server.found
  await expectParts(sign(address), '"author":"Ada"')
  await expectParts(signByGrpcurl(grpcurl, address), '"author": "Grace"')
  await expectParts(
    project.npm('run', 'client', '--', address),
    'Import: 2 entries',
    'SignEach: entry 6',
    'Watch: entry 5',
  )

  const source = path.join(project.folder, 'src/guestbook-service.ts')
  await replaceIn(
    path.join(project.folder, PROTO),
    'message SignResponse {',
    'message SignResponse {\n  string greeting = 2;',
  )
  await replaceIn(source, '({ entry: sign(request) })', "({ entry: sign(request), greeting: 'Welcome' })")
  await untilAnswer(() => sign(address), '"greeting":"Welcome"')

  // What buf rejects leaves the server as it is, and does not end the watch.
  await appendFile(path.join(project.folder, PROTO), 'message {')
  await expectParts(sign(address), '"greeting":"Welcome"')
  await replaceIn(source, "'Welcome'", "'Hi'")
  await replaceIn(path.join(project.folder, PROTO), 'message {', '')
  await untilAnswer(() => sign(address), '"greeting":"Hi"')

  const code = await server.end('SIGINT')
  if (code !== 0) throw new Error(`npm run dev ended with ${code}`)
  const left = await sign(address).catch(() => undefined)
  if (left !== undefined) throw new Error(`the server goes on after npm run dev: ${left}`)
}

/** Calls the unary method with curl. */
export function sign(origin: string, service = SERVICE): Promise<string> {
  const flags = ['-sS', '--fail-with-body', '-H', 'content-type: application/json']
  const args = [...flags, '-d', '{"author":"Ada","text":"Hello"}', `${origin}/${service}/Sign`]
  return runCommand({ program: 'curl', args })
}

/** Opens a server stream, as Connect in JSON. Resolves with its first message. */
function startWatch(origin: string): Promise<Response> {
  const headers = { 'content-type': 'application/connect+json' }
  // One message in an envelope: no flags, and a length of two bytes.
  return fetch(`${origin}/${SERVICE}/Watch`, { method: 'POST', headers, body: '\0\0\0\0\x02{}' })
}

function signByGrpcurl(program: string, address: string): Promise<string> {
  const { host } = new URL(address)
  const args = ['-plaintext', '-d', '{"author":"Grace","text":"Hello"}', host, `${SERVICE}/Sign`]
  return runCommand({ program, args })
}

async function replaceIn(file: string, before: string, after: string): Promise<void> {
  const text = await readFile(file, 'utf8')
  if (!text.includes(before)) throw new Error(`${file} has no ${before}`)
  await writeFile(file, text.replace(before, after))
}

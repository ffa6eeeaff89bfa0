import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { expect, test } from 'vitest'
import { createProject, type Surroundings } from '../../../create/src/create-project.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

interface Outcome {
  readonly code: number
  readonly output: string
  readonly errors: string
}

async function run(cwd: string, args: readonly string[], more: Partial<Surroundings> = {}): Promise<Outcome> {
  let output = ''
  let errors = ''
  const code = await createProject({
    args,
    cwd,
    env: {},
    ask: undefined,
    write: (text) => {
      output += text
    },
    writeError: (text) => {
      errors += text
    },
    ...more,
  })
  return { code, output, errors }
}

async function read(...parts: string[]): Promise<string> {
  return readFile(path.join(...parts), 'utf8')
}

test('a project has the name that was given, everywhere', async () => {
  const cwd = await temporaryFolder()
  expect(await run(cwd, ['@acme/web-shop', '--template', 'service+web'])).toMatchObject({ code: 0, errors: '' })
  const folder = path.join(cwd, 'web-shop')
  expect(JSON.parse(await read(folder, 'package.json')).name).toBe('@acme/web-shop')
  expect(await read(folder, 'proto/web_shop/v1/guestbook.proto')).toContain('package web_shop.v1;')
  const files = await readdir(folder, { recursive: true, withFileTypes: true })
  for (const file of files.filter((entry) => entry.isFile())) {
    expect(file.name).not.toMatch(/^_|my.service/)
    expect(await read(file.parentPath, file.name), file.name).not.toMatch(/my[-_]service/)
  }
})

test.each([
  ['my-service-2', 'my-service-2', 'my_service_2'],
  ['@acme/my-service', 'my-service', 'my_service'],
  ['new-my_service', 'new-my_service', 'new_my_service'],
  ['my_service-api', 'my_service-api', 'my_service_api'],
])('the name %s, which contains a placeholder, is inserted once', async (name, short, proto) => {
  const cwd = await temporaryFolder()
  await run(cwd, [name])
  expect(JSON.parse(await read(cwd, short, 'package.json')).name).toBe(name)
  expect(await read(cwd, short, `proto/${proto}/v1/guestbook.proto`)).toContain(`package ${proto}.v1;`)
  expect(await read(cwd, short, 'README.md')).toContain(`# ${short}\n`)
  expect(await read(cwd, short, 'src/server.ts')).toContain(`name: '${short}'`)
})

test('the web template adds a page to the service', async () => {
  const cwd = await temporaryFolder()
  await run(cwd, ['plain'])
  await run(cwd, ['paged', '-t', 'service+web'])
  const [plain, paged] = [await readdir(path.join(cwd, 'plain')), await readdir(path.join(cwd, 'paged'))]
  expect(paged.filter((name) => !plain.includes(name)).sort()).toEqual(['web'])
  const manifest = JSON.parse(await read(cwd, 'paged/package.json'))
  expect(manifest.scripts).toMatchObject({ dev: 'exec node dev.ts', build: 'vite build web' })
  expect(Object.keys(manifest.dependencies)).toEqual(expect.arrayContaining(['portico', '@fastify/static']))
  const readme = await read(cwd, 'paged/README.md')
  expect(readme).toContain('## Change it')
  expect(readme).toContain('## The page')
})

test('without a name and a terminal the current folder becomes the project', async () => {
  const cwd = path.join(await temporaryFolder(), 'Shop')
  await mkdir(path.join(cwd, '.git'), { recursive: true })
  const { code, output } = await run(cwd, [])
  expect(code).toBe(0)
  expect(JSON.parse(await read(cwd, 'package.json')).name).toBe('shop')
  expect(output).not.toContain('  cd ')
})

test('on a terminal it asks for what was not given', async () => {
  const cwd = await temporaryFolder()
  const questions: string[] = []
  const answers = ['shop', 'service+web']
  const { code } = await run(cwd, [], {
    async ask(question) {
      questions.push(question)
      return answers[questions.length - 1] ?? ''
    },
  })
  expect(code).toBe(0)
  expect(questions).toEqual(['Name of the project, or "." for this folder', 'Template: service, service+web'])
  expect(await readdir(path.join(cwd, 'shop'))).toContain('web')
})

test('on a terminal it asks for nothing that was given', async () => {
  const ask = () => Promise.reject(new Error('asked'))
  expect(await run(await temporaryFolder(), ['shop', '-t', 'service'], { ask })).toMatchObject({ code: 0 })
})

test('cancelling a prompt creates nothing', async () => {
  const cwd = await temporaryFolder()
  const ask = () => Promise.reject(new Error('cancelled'))
  expect(await run(cwd, [], { ask })).toMatchObject({ code: 1, errors: 'create-portico: cancelled\n' })
  expect(await readdir(cwd)).toEqual([])
})

test('the next steps name the folder, the commands and the method', async () => {
  const cwd = await temporaryFolder()
  const { output } = await run(cwd, ['web-shop'])
  for (const line of ['cd web-shop', 'npm install', 'npm test', 'npm run dev'])
    expect(output).toContain(`\n  ${line}\n`)
  expect(output).toContain('localhost:8080/web_shop.v1.GuestbookService/Sign')
})

test.each([
  ['another file', async (folder: string) => writeFile(path.join(folder, 'index.js'), '')],
  ['a hidden file', async (folder: string) => writeFile(path.join(folder, '.env'), '')],
  ['a folder', async (folder: string) => mkdir(path.join(folder, 'src'))],
])('a folder with %s is left alone', async (_what, fill) => {
  const cwd = await temporaryFolder()
  await mkdir(path.join(cwd, 'shop'))
  await fill(path.join(cwd, 'shop'))
  const before = await readdir(path.join(cwd, 'shop'))
  const { code, errors } = await run(cwd, ['shop'])
  expect(code).toBe(1)
  expect(errors).toBe(`create-portico: ${cwd}/shop is not an empty folder: choose another name, or remove it\n`)
  expect(await readdir(path.join(cwd, 'shop'))).toEqual(before)
  expect(await run(path.join(cwd, 'shop'), [])).toMatchObject({ code: 1, output: '' })
})

test('a file in place of the folder is left alone', async () => {
  const cwd = await temporaryFolder()
  await writeFile(path.join(cwd, 'shop'), 'mine')
  expect(await run(cwd, ['shop'])).toMatchObject({ code: 1, output: '' })
  expect(await read(cwd, 'shop')).toBe('mine')
})

test.each([[['--nope']], [['a', 'b']], [['Shop']], [['../shop']], [['portico']], [['-t', 'x', 'shop']]])(
  '%j are invalid arguments',
  async (args) => {
    const cwd = await temporaryFolder()
    const { code, output, errors } = await run(cwd, args)
    expect({ code, output }).toEqual({ code: 2, output: '' })
    expect(errors).toMatch(/^create-portico: .+\nTry --help\.\n$/)
    expect(await readdir(cwd)).toEqual([])
  },
)

test('a tarball replaces the registry version, by its absolute path', async () => {
  const cwd = await temporaryFolder()
  await writeFile(path.join(cwd, 'portico.tgz'), '')
  expect(await run(cwd, ['shop'], { env: { PORTICO_PACKAGE: 'portico.tgz' } })).toMatchObject({ code: 0 })
  const { dependencies } = JSON.parse(await read(cwd, 'shop/package.json'))
  expect(dependencies.portico).toBe(`file:${cwd}/portico.tgz`)
  expect(dependencies.fastify).toMatch(/^\^/)
})

test('a tarball that does not exist is refused before anything is written', async () => {
  const cwd = await temporaryFolder()
  const { code, errors } = await run(cwd, ['shop'], { env: { PORTICO_PACKAGE: 'none.tgz' } })
  expect({ code, errors }).toEqual({
    code: 1,
    errors: `create-portico: PORTICO_PACKAGE names ${cwd}/none.tgz, which does not exist\n`,
  })
  expect(await readdir(cwd)).toEqual([])
})

test('--help and --version print and create nothing', async () => {
  const cwd = await temporaryFolder()
  const { version } = JSON.parse(await read(import.meta.dirname, '../../../create/package.json'))
  expect(await run(cwd, ['--version'])).toEqual({ code: 0, output: `${version}\n`, errors: '' })
  const { code, output } = await run(cwd, ['--help'])
  expect(code).toBe(0)
  for (const word of ['--template', 'service+web', '--install', 'PORTICO_PACKAGE', 'Exit codes']) {
    expect(output).toContain(word)
  }
  expect(await readdir(cwd)).toEqual([])
})

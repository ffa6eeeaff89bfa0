/** `npm create portico`, from its arguments to its exit code. */
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { type Arguments, parseArguments } from './parse-arguments.ts'
import { type ProjectName, parseProjectName } from './project-name.ts'
import { DEFAULT_TEMPLATE, isTemplateName, TEMPLATES, type TemplateName } from './templates.ts'
import { dependenciesOf, isEmptyFolder, type ProjectPlan, writeProject } from './write-project.ts'

/** Asks one question. An empty answer means `fallback`. Rejects when the user cancels. */
export type Ask = (question: string, fallback: string) => Promise<string>

/** What the program uses of its process. */
export interface Surroundings {
  readonly args: readonly string[]
  readonly cwd: string
  /** `PORTICO_PACKAGE` names a tarball to install in place of the registry's `portico`. */
  readonly env: Readonly<Record<string, string | undefined>>
  /** Asks the user; undefined without a terminal, where nothing may be asked. */
  readonly ask: Ask | undefined
  readonly write: (text: string) => void
  readonly writeError: (text: string) => void
}

const EXIT_FAILURE = 1
const EXIT_USAGE = 2
const HELP = `Usage: npm create portico [NAME] [-- OPTIONS]

Creates a gRPC, gRPC-Web and Connect service in the folder NAME, or in the current folder if that is empty.
NAME is the name of an npm package, or "." for the current folder.

Options:
  -t, --template NAME   service (default), or service+web, which adds a page under Vite
      --install         run "npm install" afterwards
  -h, --help            print this text
  -v, --version         print the version

Environment:
  PORTICO_PACKAGE       a tarball of portico, to install in place of the registry's

Exit codes: 0 created; 1 failed; 2 wrong arguments.
`

/** What ends the program with a sentence and an exit code. */
class Failure extends Error {
  readonly code: number

  constructor(code: number, message: string) {
    super(message)
    this.code = code
  }
}

/** Creates a project as the arguments say. Returns the exit code, and never rejects. */
export async function createProject(surroundings: Surroundings): Promise<number> {
  const given = parseArguments(surroundings.args)
  try {
    return await run(given, surroundings)
  } catch (error) {
    surroundings.writeError(`create-portico: ${error instanceof Error ? error.message : error}\n`)
    if (!(error instanceof Failure)) return EXIT_FAILURE
    if (error.code === EXIT_USAGE) surroundings.writeError('Try --help.\n')
    return error.code
  }
}

async function run(given: Arguments, surroundings: Surroundings): Promise<number> {
  if (given.kind === 'fault') throw new Failure(EXIT_USAGE, given.message)
  if (given.kind === 'help') surroundings.write(HELP)
  if (given.kind === 'version') surroundings.write(`${ownVersion()}\n`)
  if (given.kind !== 'create') return 0
  const plan = await planProject(given, surroundings)
  await writeProject(plan)
  if (given.installs) install(plan.folder)
  surroundings.write(nextSteps(plan, given.installs, surroundings.cwd))
  return 0
}

type CreateArguments = Extract<Arguments, { kind: 'create' }>

async function planProject(given: CreateArguments, { cwd, env, ask }: Surroundings): Promise<ProjectPlan> {
  const text = given.name ?? (await ask?.('Name of the project, or "." for this folder', '.')) ?? '.'
  const template = given.template ?? (await askTemplate(ask))
  const isHere = text === '.'
  const name = parseProjectName(isHere ? path.basename(cwd).toLowerCase() : text, await dependenciesOf(template))
  if (typeof name === 'string') throw new Failure(EXIT_USAGE, name)
  const folder = isHere ? cwd : path.join(cwd, name.short)
  await refuseUsedFolder(folder, isHere)
  return { folder, name, template, tarball: tarballOf(env.PORTICO_PACKAGE, cwd) }
}

async function askTemplate(ask: Ask | undefined): Promise<TemplateName> {
  const names = Object.keys(TEMPLATES).join(', ')
  const answer = (await ask?.(`Template: ${names}`, DEFAULT_TEMPLATE)) ?? DEFAULT_TEMPLATE
  if (!isTemplateName(answer)) throw new Failure(EXIT_USAGE, `unknown template "${answer}": use one of ${names}`)
  return answer
}

async function refuseUsedFolder(folder: string, isHere: boolean): Promise<void> {
  if (await isEmptyFolder(folder)) return
  const advice = isHere ? 'give a name, for a folder of that name' : 'choose another name, or remove it'
  throw new Failure(EXIT_FAILURE, `${folder} is not an empty folder: ${advice}`)
}

function tarballOf(file: string | undefined, cwd: string): string | undefined {
  if (file === undefined || file === '') return undefined
  const tarball = path.resolve(cwd, file)
  if (!existsSync(tarball)) throw new Failure(EXIT_FAILURE, `PORTICO_PACKAGE names ${tarball}, which does not exist`)
  return tarball
}

function install(folder: string): void {
  // npm is a script on Windows, which only a shell runs.
  const { status } = spawnSync('npm install', { cwd: folder, stdio: 'inherit', shell: true })
  if (status !== 0) throw new Failure(EXIT_FAILURE, `npm install failed in ${folder}`)
}

function nextSteps({ folder, name, template }: ProjectPlan, isInstalled: boolean, cwd: string): string {
  const place = path.relative(cwd, folder)
  const commands = [
    ...(place === '' ? [] : [`cd ${place}`]),
    ...(isInstalled ? [] : ['npm install']),
    'npm test',
    'npm run dev',
  ]
  return `Created ${name.npm} in ${folder}, from the template ${template}.

${indent(commands)}

While it runs, in another terminal:

${indent([signCommand(name)])}
${template === 'service+web' ? '\nThe page is at http://localhost:5173.\n' : ''}`
}

function signCommand({ proto }: ProjectName): string {
  const message = `'{"author":"Ada","text":"Hello"}'`
  return `curl -d ${message} -H 'content-type: application/json' localhost:8080/${proto}.v1.GuestbookService/Sign`
}

function indent(lines: readonly string[]): string {
  return lines.map((line) => `  ${line}`).join('\n')
}

function ownVersion(): string {
  return JSON.parse(readFileSync(path.resolve(import.meta.dirname, '../package.json'), 'utf8')).version
}

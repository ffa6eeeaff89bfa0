/** A project that create-portico writes, and the commands of its user. */
import path from 'node:path'
import { type Command, type RunningProgram, runCommand, runFailingCommand, startProgram } from '../support/command.ts'
import { runNpm } from '../support/npm.ts'

const START_TIMEOUT_MS = 60_000

/** The packages under test, as absolute paths. */
export interface Tarballs {
  readonly creator: string
  readonly portico: string
}

interface ProjectPlace {
  /** The folder that create-portico runs in. */
  readonly cwd: string
  /** The folder of the project, from there. */
  readonly folder: string
  readonly tarballs: Tarballs
  /** The folder of the Node that runs the project. */
  readonly nodeFolder: string
}

/** A project in its own directory. */
export class CreatedProject {
  readonly folder: string
  readonly #place: ProjectPlace

  constructor(place: ProjectPlace) {
    this.folder = path.join(place.cwd, place.folder)
    this.#place = place
  }

  /** Runs create-portico from its tarball. Returns its output. */
  create(...args: readonly string[]): Promise<string> {
    return runCommand(this.#creation(args))
  }

  /** Runs it where it has to fail. */
  failToCreate(...args: readonly string[]): Promise<string> {
    return runFailingCommand(this.#creation(args))
  }

  /** Runs npm in the project. Returns its standard output. */
  npm(...args: readonly string[]): Promise<string> {
    return runNpm({ args, cwd: this.folder, env: this.#environment() })
  }

  /** Starts a script on a port, and waits for a line of its output. */
  start(script: string, port: number, until: RegExp): Promise<RunningProgram> {
    const env = { ...this.#environment(), PORT: String(port) }
    const command = { program: 'npm', args: ['run', script], cwd: this.folder, env, timeoutMs: START_TIMEOUT_MS }
    return startProgram(command, until)
  }

  #creation(args: readonly string[]): Command {
    const { cwd, tarballs } = this.#place
    const npmArgs = ['exec', '--yes', `--package=${tarballs.creator}`, '--', 'create-portico', ...args]
    return { program: 'npm', args: npmArgs, cwd, env: this.#environment() }
  }

  /** As in a shell that has exported the variable. */
  #environment(): NodeJS.ProcessEnv {
    const { FORCE_COLOR: _color, ...inherited } = process.env
    const { nodeFolder, tarballs } = this.#place
    return {
      ...inherited,
      PATH: `${nodeFolder}${path.delimiter}${process.env.PATH}`,
      PORTICO_PACKAGE: tarballs.portico,
      NO_COLOR: '1',
      npm_config_audit: 'false',
      npm_config_fund: 'false',
    }
  }
}

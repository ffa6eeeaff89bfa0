/** A program on its own terminal, through `script` of util-linux, as a user starts it. */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { once } from 'node:events'
import { onTestFinished } from 'vitest'
import { scanForSecrets } from './planted-secrets.ts'

const CTRL_C = '\u0003'

/** A started program. It is killed when the running test ends. */
export class TerminalProcess {
  /** Everything written to the terminal so far, with `\n` line breaks. */
  output = ''
  /** The exit code of the program. */
  readonly exited: Promise<number | null>
  readonly #child: ChildProcessWithoutNullStreams
  #wake: (() => void)[] = []
  #hasEnded = false

  /**
   * @param args the arguments of node
   * @param env variables besides PATH and TERM; the terminal shows colours
   */
  constructor(args: readonly string[], env: NodeJS.ProcessEnv = {}) {
    const command = [process.execPath, ...args].map(quoted).join(' ')
    this.#child = spawn('script', ['--quiet', '--return', '--flush', '--command', `exec ${command}`, '/dev/null'], {
      env: { PATH: process.env.PATH, TERM: 'xterm-256color', ...env },
    })
    this.#child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      this.output += chunk.replaceAll('\r\n', '\n')
      scanForSecrets('terminal', chunk)
      this.#wakeAll()
    })
    this.exited = once(this.#child, 'close').then(([code]) => code as number | null)
    this.exited.then(() => {
      this.#hasEnded = true
      this.#wakeAll()
    })
    onTestFinished(async () => {
      this.#child.kill('SIGKILL')
      await this.exited
    })
  }

  /** Waits for a part of the output. Rejects if the program ends first. */
  async until(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const found = pattern.exec(this.output)
      if (found !== null) return found
      if (this.#hasEnded) throw new Error(`the program ended before it wrote ${pattern}: ${this.output}`)
      await new Promise<void>((resolve) => this.#wake.push(resolve))
    }
  }

  /** Sends Ctrl-C. */
  pressCtrlC(): void {
    this.#child.stdin.write(CTRL_C)
  }

  /** Closes the terminal, as its window does. The program gets SIGHUP. */
  close(): void {
    this.#child.kill('SIGKILL')
  }

  #wakeAll(): void {
    for (const wake of this.#wake.splice(0)) wake()
  }
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`
}

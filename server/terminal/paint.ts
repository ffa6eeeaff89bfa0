/** Colours text for a terminal. */
import { styleText } from 'node:util'

/** A colour of the output; without colours it returns the text as it is. */
export type Painter = (text: string) => string

/** The colours that the server's output uses. */
export interface Paint {
  readonly bold: Painter
  readonly dim: Painter
  readonly red: Painter
  readonly green: Painter
  readonly yellow: Painter
  readonly cyan: Painter
}

/** Where output goes, as far as colours depend on it. */
export interface ColorContext {
  /** The environment variables, usually process.env. */
  readonly env: Readonly<Record<string, string | undefined>>
  readonly isTerminal: boolean
}

/**
 * Decides whether output is coloured. `FORCE_COLOR` decides if it is not empty (`0` and `false`: no colours), as in Node; then
 * `NO_COLOR` turns colours off unless it is empty (no-color.org); then colours are for terminals that show them.
 */
export function usesColor({ env, isTerminal }: ColorContext): boolean {
  const { FORCE_COLOR: forced, NO_COLOR: refused, TERM: terminal } = env
  if (forced) return forced !== '0' && forced !== 'false'
  return isTerminal && !refused && terminal !== 'dumb'
}

/** Returns the colours, or painters that change nothing. */
export function paintFor(isColored: boolean): Paint {
  return isColored ? COLORS : PLAIN
}

const PLAIN = paint(() => (text) => text)

const COLORS = paint((format) => (text) => styleText(format, text, { validateStream: false }))

function paint(painter: (format: keyof Paint) => Painter): Paint {
  return Object.freeze({
    bold: painter('bold'),
    dim: painter('dim'),
    red: painter('red'),
    green: painter('green'),
    yellow: painter('yellow'),
    cyan: painter('cyan'),
  })
}

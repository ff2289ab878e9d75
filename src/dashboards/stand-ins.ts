/** Grafana's variables that stand for a duration. */
const DURATION = /\$(?:\{(__auto|__interval|__rate_interval|__range)\}|(__auto|__interval|__rate_interval|__range)\b)/g

/** Odd enough that no query has it; each occurrence gets one of its own. */
const standIn = (index: number): string => `${98_765_432_000 + index}ms`

/** Rewrites a query in which variables stand for durations: it can be parsed meanwhile, and has them again afterwards. */
export const withStandIns = (expr: string, rewrite: (query: string) => string): string => {
  const variables: string[] = []
  const masked = expr.replace(DURATION, (variable) => standIn(variables.push(variable) - 1))
  return variables.reduce((text, variable, index) => text.replace(standIn(index), () => variable), rewrite(masked))
}

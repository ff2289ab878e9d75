/** Whether a query asks for numbers: for lines it begins with a selector, maybe in parentheses. */
export const isMetric = (expr: string): boolean => !/^[\s(]*\{/.test(expr.replace(/^(?:\s*#[^\n]*\n)*/, ''))

/** The account and region that the laptop stands in for: AWS clients see them in ARNs. */
export const ACCOUNT_ID = '000000000000';
export const REGION = 'us-east-1';

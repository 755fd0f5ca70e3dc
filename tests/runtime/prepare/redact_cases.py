"""Values that must go and look-alikes that must stay. The numbers are the test numbers of the standards' own pages."""

GONE = {
    "email": [
        "anna.meyer@example.com", "a+b_c@mail.example.co.uk", "münchen@bücher.example.de",
        "x@xn--bcher-kva.example.org",
    ],
    "phone": [
        "+1 415 555 0134", "(212) 555-0134", "415-555-0134", "415.555.0134", "+44 20 7946 0958", "020 7946 0958",
        "+49 (0)30 901820", "030/9018200", "0171 1234567", "+33 1 23 45 67 89", "01 23 45 67 89", "+8613812345678",
        "0049 30 901820", "1-800-555-0199", "02079460958", "(02328) 60129", "(0306)9990092", "001-415-555-0134x266",
        "415-555-0134 ext. 12", "4155550134", "3471284300", "097525899", "08-982 597 91", "(00492) 58991",
    ],
    # developer.paypal.com and docs.stripe.com, "Testing": card numbers.
    "card": [
        "4111111111111111", "4111 1111 1111 1111", "4111-1111-1111-1111", "5555555555554444", "2223003122003222",
        "378282246310005", "3782 822463 10005", "6011111111111117", "30569309025904", "3530111333300000",
        "6200000000000005", "4222222222222", "213195348327652", "503873573532",
    ],
    # SWIFT, IBAN Registry: the examples of the countries.
    "iban": [
        "DE89370400440532013000", "DE89 3704 0044 0532 0130 00", "GB29NWBK60161331926819",
        "FR1420041010050500013M02606",
        "FR14 2004 1010 0505 0001 3M02 606", "NO9386011117947", "MT84MALT011000012345MTLCAST001S",
        "CH9300762011623852957",
        "BE68 5390 0754 7034", "LC55HEMM000100010012001200023015", "NL91ABNA0417164300",
        "AL47212110090000000235698741",
    ],
    "ssn": ["219-09-9999", "078 05 1120", "SSN: 219099999", "social security number 219099999"],
    "ip": ["192.0.2.146", "203.0.113.7", "2001:db8:85a3:0:0:8a2e:370:7334", "2001:db8:85a3::8a2e:370:7334"],
    # docs.aws.amazon.com, IAM user guide, "Managing access keys".
    "aws_key": ["AKIAIOSFODNN7EXAMPLE", "AKIAIOSFODNN7EXAMPLE wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"],
    "secret": [
        "ghp_" + "a1B2c3D4e5F6" * 3, "github_pat_" + "1aB_" * 10, "xoxb-123456789012-abcdefABCDEF",
        "sk-" + "abc123XYZ" * 4,
        "AIza" + "SyA1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6Q"[:35], "sk_" + "live_" + "abcdefgh12345678",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U",
        "-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEA\n-----END RSA PRIVATE KEY-----",
        "-----BEGIN PRIVATE KEY-----\nMIIEpAIBAAKCAQEA",
    ],
}  # fmt: skip
ASSIGNED = {
    "password=correcthorse": "correcthorse",
    'api_key: "abcdef123456"': "abcdef123456",
    "DB_PASSWORD=s3cr3t!x": "s3cr3t!x",
    '"client_secret": "Zx9-kk2_11"': "Zx9-kk2_11",
    "Authorization token: Bearer abc.def-123": "abc.def-123",
    "postgres://app:hunter22@db.example.com/x": "hunter22",
}
STAYS = [
    "Order 4155550134", "invoice no. 3471284300", "ticket #2572559470", "on 08-12 2024", "id: 4155550134",
    "4111111111111112", "1234567812345678", "0.4111111111111111", "x4111111111111111", "GB29NWBK60161331926818",
    "DE89370400440532013001",
    "000-12-3456", "666-12-3456", "900-12-3456", "219099999", "v1.2.3.4567", "version 1.2.3.4", "256.1.1.1",
    "10:30:00",
    "2024-01-15 10:30:00", "Order 2024-00123-45", "ISBN 978-3-16-148410-0", "1990-1995", "ISBN 0306406152",
    "1,234,567.89", "12345678",
    "std::vector", "a::b", "::1", "@mention", "user@localhost", "pkg@1.2.3", "AKIA1234", "sk-short", "risk-averse",
    "password: required", "the secret: nobody knows", "token=${TOKEN}", "password=os.environ['X']", "01.02.2024",
    "d41d8cd98f00b204e9800998ecf8427e", "550e8400-e29b-41d4-a716-446655440000", "§ 1.2.3.4", "3.14159265358979",
    "https://example.com:8080/a", "[EMAIL] [PHONE] 2024-01-15 [CARD_1]",
]  # fmt: skip

"""The description of what programs ask for, judged by somebody else's validator; what the server answers is judged in tests/sockets."""

import json
import pathlib

from openapi_spec_validator import OpenAPIV31SpecValidator

DESCRIPTION = pathlib.Path(__file__).parents[2] / "src/server/api/openapi.json"


def main():
    description = json.loads(DESCRIPTION.read_text())
    errors = [error.message for error in OpenAPIV31SpecValidator(description).iter_errors()]
    for error in errors:
        print(f"not ok the description of the API: {error}")
    if not errors:
        print("ok the description of the API is one of OpenAPI 3.1")


main()

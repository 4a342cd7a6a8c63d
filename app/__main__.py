from app.composition import application
from app.engine.cli.main import main

if __name__ == "__main__":
    main(application)
